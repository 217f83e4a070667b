import { type ExamResult, examResultSchema, type ResultPixels } from '../../../dicom/objects/exam-result.js';
import type { FloatPlane, RgbPicture } from '../../../imaging/planes.js';
import { lateralityOf, VIEWS, type View, viewPositionOf } from '../../../pipeline/exam.js';

/** Of the sample's source images: small, so that float maps of them are. */
export const ROWS = 640;
export const COLUMNS = 512;
export const CROP = { top: 40, bottom: 600, left: 0, right: 400 } as const;

const DIGITAL_MAMMOGRAPHY = '1.2.840.10008.5.1.4.1.1.1.2';

/** A result as any exam's, with what a test changes. No patient: names and UIDs are made up. */
export function sampleResult(change: Partial<ExamResult> = {}): ExamResult {
  const views = Object.fromEntries(
    VIEWS.map((view, index) => {
      const left = lateralityOf(view) === 'L';
      const column = viewPositionOf(view) === 'CC' ? (left ? 'R' : 'L') : left ? 'FR' : 'FL';
      return [
        view,
        {
          source: {
            sopClassUid: DIGITAL_MAMMOGRAPHY,
            sopInstanceUid: `2.25.77001.${index + 1}`,
            seriesInstanceUid: `2.25.77000.${view.endsWith('CC') ? 1 : 2}`,
            rows: ROWS,
            columns: COLUMNS,
            pixelSpacing: [0.07, 0.07],
            patientOrientation: [left ? 'A' : 'P', column],
            contentDate: '20261130',
            contentTime: '101112.5',
          },
          mirrored: false,
          upsideDown: false,
        },
      ];
    }),
  );
  const detection = Object.fromEntries(
    VIEWS.map((view, index) => [
      view,
      { crop: CROP, foremost: { row: 280, column: 399 }, heatmapSha256: `${index}`.repeat(64) },
    ]),
  );
  return examResultSchema.parse({
    schemaVersion: 1,
    exam: 'e-17',
    computedAt: '2026-11-30T12:13:14Z',
    patient: { name: 'Mustermann^Érika', id: 'p-0017', birthDate: '19610203', sex: 'F' },
    study: {
      studyInstanceUid: '2.25.77000',
      date: '20261130',
      time: '101010',
      accessionNumber: 'A17',
      id: 'S17',
      description: 'Screening',
      referringPhysicianName: 'Doe^Jane',
    },
    views,
    bundle: { name: 'phantom', sha256: 'ab'.repeat(32) },
    softwareVersion: '0.1.0',
    stages: {
      generate_heatmaps: { version: '1', parameters: { stride: 70, seed: 0 } },
      classify: { version: '1', parameters: { passes: 10, seed: 0 } },
    },
    detection: { status: 'succeeded', views: detection },
    classification: {
      status: 'succeeded',
      image: { left_benign: 0.125, right_benign: 0.0625, left_malignant: 0.75, right_malignant: 0.03125 },
      imageheatmaps: { left_benign: 0.25, right_benign: 0.5, left_malignant: 0.875, right_malignant: 0.015625 },
    },
    ...change,
  });
}

/** A square of one probability in a heatmap, in pixels of the crop. */
export interface Spot {
  readonly view: View;
  readonly row: number;
  readonly column: number;
  readonly size: number;
  readonly probability: number;
}

/** Two spots of the left breast that lie equally far from the foremost point, and one of the right breast in one view. */
export const SPOTS: readonly Spot[] = [
  { view: 'L_CC', row: 260, column: 200, size: 40, probability: 0.875 },
  { view: 'L_MLO', row: 250, column: 195, size: 60, probability: 0.625 },
  { view: 'R_MLO', row: 400, column: 100, size: 20, probability: 0.5 },
];

/** Heatmaps of 0.01, with spots, and a picture of a few colours. */
export function samplePixels(spots: readonly Spot[] = SPOTS): ResultPixels {
  return {
    async heatmaps(view) {
      const rows = CROP.bottom - CROP.top;
      const columns = CROP.right - CROP.left;
      const malignant = new Float32Array(rows * columns).fill(0.01);
      for (const spot of spots.filter((one) => one.view === view)) {
        for (let row = spot.row; row < spot.row + spot.size; row += 1) {
          malignant.fill(spot.probability, row * columns + spot.column, row * columns + spot.column + spot.size);
        }
      }
      const plane = (pixels: Float32Array): FloatPlane => ({ rows, columns, pixels });
      return {
        benign: plane(new Float32Array(rows * columns).map((_, index) => index / (rows * columns))),
        malignant: plane(malignant),
      };
    },
    async absolutePicture(view): Promise<RgbPicture> {
      const [rows, columns] = [61, 33];
      const pixels = Uint8Array.from({ length: 3 * rows * columns }, (_, index) => (index * 7 + view.length) % 256);
      return { rows, columns, pixels };
    },
  };
}
