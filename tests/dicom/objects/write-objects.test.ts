import assert from 'node:assert/strict';
import { decodePart10 } from '../../../dicom/objects/dataset.js';
import type { ExamResult } from '../../../dicom/objects/exam-result.js';
import { type WriteOptions, type WrittenObject, writeObjects } from '../../../dicom/objects/write-objects.js';
import { RESEARCH_USE_ONLY } from '../../../pipeline/predictions.js';
import { OBJECT_KINDS } from '../../../pipeline/result-objects.js';
import { samplePixels, sampleResult } from './sample-result.js';

async function written(result: ExamResult, options: WriteOptions = {}): Promise<WrittenObject[]> {
  const objects: WrittenObject[] = [];
  for await (const object of writeObjects(result, samplePixels(), options)) objects.push(object);
  return objects;
}

const EVERY_KIND = { kinds: [...OBJECT_KINDS] };

describe('writing the objects of a result', () => {
  it('gives reports of each kind, a presentation state where there are findings, and a picture of each view', async () => {
    assert.deepEqual(
      (await written(sampleResult())).map(({ name }) => name),
      [
        'cad-sr-1.dcm',
        'measurement-report-1.dcm',
        'measurement-report-2.dcm',
        ...[1, 2, 3].map((number) => `presentation-states-${number}.dcm`),
        ...[1, 2, 3, 4].map((number) => `secondary-captures-${number}.dcm`),
      ],
    );
    const maps = await written(sampleResult(), { kinds: ['parametric-maps'] });
    assert.equal(maps.length, 8);
  });

  it('gives reports alone where there are no heatmaps', async () => {
    const failed = { status: 'failed', reason: 'out of memory' } as const;
    const names = (await written(sampleResult({ detection: failed }), EVERY_KIND)).map(({ name }) => name);
    assert.deepEqual(names, ['cad-sr-1.dcm', 'measurement-report-1.dcm']);
  });

  it('says in every object that it is for research, and of which study and patient', async () => {
    for (const { name, bytes } of await written(sampleResult(), EVERY_KIND)) {
      const dataset = decodePart10(bytes);
      assert.match(String(dataset.SeriesDescription), new RegExp(`${RESEARCH_USE_ONLY}$`), name);
      assert.ok(String(dataset.SeriesDescription).length <= 64, name);
      assert.deepEqual(dataset.StudyInstanceUID, ['2.25.77000'], name);
      assert.deepEqual(dataset.PatientName, ['Mustermann^Érika'], name);
      assert.deepEqual(dataset.PatientID, ['p-0017'], name);
      assert.deepEqual(dataset.AccessionNumber, ['A17'], name);
    }
  });

  it('gives the same bytes under the same UIDs, and never one UID to two contents', async () => {
    const results = [
      sampleResult(),
      sampleResult(),
      sampleResult({ classification: { status: 'not-run' } }),
      sampleResult({ computedAt: '2026-12-01T00:00:00Z' }),
      sampleResult({ softwareVersion: '0.2.0' }),
    ];
    const contents = new Map<string, string>();
    for (const result of results) {
      for (const { sopInstanceUid, bytes } of await written(result, EVERY_KIND)) {
        const content = bytes.toString('base64');
        assert.equal(contents.get(sopInstanceUid) ?? content, content);
        contents.set(sopInstanceUid, content);
      }
    }
    // Eighteen objects a result, of which two are the same, and one has no report of breasts.
    assert.equal(contents.size, 4 * 18 - 1);
    const byThreshold = await Promise.all(
      [0.5, 0.6].map((threshold) => written(sampleResult(), { kinds: ['cad-sr'], findings: { threshold } })),
    );
    assert.notEqual(byThreshold[0]?.[0]?.sopInstanceUid, byThreshold[1]?.[0]?.sopInstanceUid);
  });

  it('keeps the objects of one kind in one series, presentation states in one for each breast, and regions apart', async () => {
    const series = new Map<string, Set<string>>();
    for (const { kind, seriesInstanceUid } of await written(sampleResult(), EVERY_KIND)) {
      series.set(kind, (series.get(kind) ?? new Set()).add(seriesInstanceUid));
    }
    assert.deepEqual(
      [...series].map(([kind, uids]) => [kind, uids.size]),
      [
        ['cad-sr', 1],
        ['measurement-report', 2],
        ['presentation-states', 2],
        ['secondary-captures', 1],
        ['parametric-maps', 1],
      ],
    );
    assert.equal(new Set([...series.values()].flatMap((uids) => [...uids])).size, 7);
  });

  it('pairs regions of the two views of a breast only as far as the tolerance goes', async () => {
    const findings = { toleranceMillimetres: 0.01 };
    const [report] = await written(sampleResult(), { kinds: ['cad-sr'], findings });
    const text = report?.bytes.toString('latin1') ?? '';
    assert.ok(!text.includes('Composite Feature'));
    const [paired] = await written(sampleResult(), { kinds: ['cad-sr'] });
    assert.ok(paired?.bytes.toString('latin1').includes('Composite Feature'));
  });

  const WRONG: readonly [what: string, change: (result: ExamResult) => void, said: RegExp][] = [
    [
      'a UID that is none',
      (result) => (result.study.studyInstanceUid = '1.02.3'),
      /study\.studyInstanceUid: expected a DICOM UID/,
    ],
    [
      'one source for two views',
      (result) => (result.views.R_CC.source.sopInstanceUid = '2.25.77001.1'),
      /R_CC and L_CC name the same source/,
    ],
    [
      'a Patient Orientation along one axis',
      (result) => (result.views.L_CC.source.patientOrientation = ['A', 'P']),
      /cannot lead along the same axis/,
    ],
    [
      'a crop outside its source',
      (result) => {
        if (result.detection.status === 'succeeded') result.detection.views.L_CC.crop.right = 513;
      },
      /crop: it does not lie within 640 × 512 pixels/,
    ],
    [
      'a backslash in a name',
      (result) => (result.patient.id = 'a\\b'),
      /patient\.id: expected one line without a backslash/,
    ],
    ['a date that is none', (result) => (result.study.date = '2026-11-30'), /study\.date: expected a DICOM date/],
  ];
  for (const [what, change, said] of WRONG) {
    it(`refuses ${what}`, async () => {
      const result = structuredClone(sampleResult());
      change(result);
      await assert.rejects(written(result), { code: 'invalid-argument', message: said });
    });
  }

  it('refuses a threshold that leaves noise, and says what to do', async () => {
    const pixels = samplePixels();
    const noisy = {
      ...pixels,
      async heatmaps(view: 'L_CC') {
        const { benign, malignant } = await pixels.heatmaps(view);
        return {
          benign,
          malignant: { ...malignant, pixels: malignant.pixels.map((_, index) => (index % 2 === 0 ? 1 : 0)) },
        };
      },
    };
    const objects = writeObjects(sampleResult(), noisy, { kinds: ['cad-sr'] });
    await assert.rejects(objects.next(), { code: 'invalid-argument', next: 'Choose a higher threshold.' });
  });
});
