import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type ResizablePlane, rowFactsOf } from '../../imaging/bicubic.js';
import { readGrey16Png } from '../../imaging/grey16-png.js';
import { readNpz } from '../../imaging/npz.js';
import { mirrorColumns } from '../../imaging/orientation.js';
import type { FloatPlane, Grey16Image } from '../../imaging/planes.js';
import { WINDOW_SIZE } from '../../pipeline/bundle.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { isMirroredOnDisk, VIEWS, type View, viewFile, viewPositionOf } from '../../pipeline/exam.js';
import { heatmapFile } from '../../pipeline/heatmaps.js';
import {
  LABELS,
  type LabelProbabilities,
  PREDICTIONS_CSV,
  PREDICTIONS_JSON,
  type Predictions,
  RESEARCH_USE_ONLY,
  VARIANTS,
  type Variant,
} from '../../pipeline/predictions.js';
import {
  CENTERS_FILE,
  CROP_FILE,
  centersDocumentSchema,
  cropDocumentSchema,
  parseDocument,
} from '../../pipeline/stage-documents.js';
import { defineStage, type StageInputs } from '../stage.js';
import { type ClassifierView, classifyPasses, type PassProbabilities } from './classify-passes.js';
import { upstreamFile } from './input-files.js';
import { inputModel } from './input-model.js';

const noise = z.number().int().min(0).max(1000);
const parameters = z.strictObject({
  /** How many differently drawn windows the probabilities are averaged over; 1 without noise is the plain run. */
  passes: z.number().int().min(1).max(100).default(10),
  /** Of NumPy's `RandomState`, which draws the windows. */
  seed: z.number().int().min(0).max(0xffffffff).default(0),
  /** How far a window may move, in pixels along each axis. */
  cropNoise: noise.default(100),
  /** How far each edge of a window may move on its own, in pixels; the result is resized to the network's window. */
  sizeNoise: noise.default(100),
});

/**
 * Runs both classifiers on windows around the best centers and averages over passes (PIPELINE.md 5). Writes
 * `predictions.json` and `predictions.csv`.
 */
export const classify = defineStage({
  name: 'classify',
  version: '1',
  resource: 'gpu',
  upstream: ['crop', 'extract_centers', 'generate_heatmaps'],
  modelRoles: ['image', 'imageheatmaps'],
  parameters,
  async run(inputs, settings, { outputFolder, signal, progress, inference }) {
    const models = { image: inputModel(inputs, 'image'), imageheatmaps: inputModel(inputs, 'imageheatmaps') };
    // Networks take a second to open, and views to read: both at the same time.
    for (const variant of VARIANTS) inference.prepare(models[variant], inputBytes(variant));
    const views = await readViews(inputs);
    const passes = await classifyPasses({ views, models, settings, inference, signal, progress });
    const predictions: Predictions = {
      exam: inputs.exam,
      image: meanOverPasses(passes.image),
      imageheatmaps: meanOverPasses(passes.imageheatmaps),
    };
    const document = {
      schemaVersion: 1,
      exam: inputs.exam,
      notice: RESEARCH_USE_ONLY,
      passes: settings.passes,
      labels: LABELS,
      image: predictions.image,
      imageheatmaps: predictions.imageheatmaps,
    };
    await writeFile(join(outputFolder, PREDICTIONS_JSON), `${JSON.stringify(document, null, 2)}\n`);
    await writeFile(join(outputFolder, PREDICTIONS_CSV), csv(predictions));
    return {
      files: [PREDICTIONS_JSON, PREDICTIONS_CSV],
      summary: predictions,
      provenance: { executionProvider: inference.executionProvider },
    };
  },
});

/** Bytes of one run's inputs: four float32 windows, with the two heatmaps as further channels or without. */
function inputBytes(variant: Variant): number {
  const pixels = VIEWS.reduce((sum, view) => {
    const [rows, columns] = WINDOW_SIZE[viewPositionOf(view)];
    return sum + rows * columns;
  }, 0);
  return pixels * Float32Array.BYTES_PER_ELEMENT * (variant === 'image' ? 1 : 3);
}

/** Reads the four views with their heatmaps and centers, in training orientation. */
async function readViews(inputs: StageInputs): Promise<Record<View, ClassifierView>> {
  const cropText = await readFile(upstreamFile(inputs, 'crop', CROP_FILE), 'utf8');
  const { horizontal_flip: horizontalFlip } = parseDocument(cropDocumentSchema, cropText, CROP_FILE);
  const centersText = await readFile(upstreamFile(inputs, 'extract_centers', CENTERS_FILE), 'utf8');
  const centers = parseDocument(centersDocumentSchema, centersText, CENTERS_FILE);
  const read = async (view: View): Promise<ClassifierView> => {
    const [image, bytes] = await Promise.all([
      readGrey16Png(upstreamFile(inputs, 'crop', viewFile(view)), { exam: inputs.exam, view }),
      readFile(upstreamFile(inputs, 'generate_heatmaps', heatmapFile(view))),
    ]);
    const what = `${heatmapFile(view)} of exam ${inputs.exam}`;
    const { benign, malignant } = readNpz(bytes, ['benign', 'malignant'], what);
    for (const { rows, columns } of [benign, malignant]) {
      if (rows !== image.rows || columns !== image.columns) {
        throw new MammoflowError('corrupt-data', `${what} does not have the shape of the cropped view.`);
      }
    }
    // Every pass resizes them: what does not change is found once.
    const prepare = (onDisk: FloatPlane | Grey16Image): ResizablePlane => {
      const { rows, columns, pixels } = isMirroredOnDisk(view, horizontalFlip) ? mirrorColumns(onDisk) : onDisk;
      const plane = { rows, columns, pixels: new Float32Array(pixels) };
      return { ...plane, rowFacts: rowFactsOf(plane) };
    };
    const planes = { image: prepare(image), benign: prepare(benign), malignant: prepare(malignant) };
    return { bestCenter: centers.views[view].best_center, planes };
  };
  // Decoding runs on threads of its own, so one view is decoded while another's heatmaps are unpacked.
  const views = await Promise.all(VIEWS.map(async (view) => [view, await read(view)] as const));
  return Object.fromEntries(views) as Record<View, ClassifierView>;
}

/** The mean over passes, in float32 as the original takes it. */
function meanOverPasses(passes: readonly PassProbabilities[]): LabelProbabilities {
  const means = LABELS.map((label, row) => {
    const sum = passes.reduce((total, probabilities) => Math.fround(total + (probabilities[row] as number)), 0);
    return [label, Math.fround(sum / passes.length)] as const;
  });
  return Object.fromEntries(means) as LabelProbabilities;
}

/** One line per model; the notice is the last column, so that every line after the header is a row of numbers. */
function csv(predictions: Predictions): string {
  const lines = VARIANTS.map((variant) =>
    [variant, ...LABELS.map((label) => predictions[variant][label]), RESEARCH_USE_ONLY].join(','),
  );
  return `${[['model', ...LABELS, 'notice'].join(','), ...lines].join('\n')}\n`;
}
