import assert from 'node:assert/strict';
import { join } from 'node:path';
import { stages } from '../../../activities/stages/index.js';
import { listResults } from '../../../api/reading/list-results.js';
import { readNpz } from '../../../imaging/npz.js';
import { packageRoot } from '../../../infra/package-root.js';
import { heatmapPeak, isInside } from '../../../models/maintainers/evaluation/heatmap-marks.js';
import { drawExams } from '../../../models/phantom/draw-exams.js';
import type { ExamTruth } from '../../../models/phantom/truth.js';
import type { Commit } from '../../../pipeline/commit.js';
import { VIEWS } from '../../../pipeline/exam.js';
import { heatmapFile } from '../../../pipeline/heatmaps.js';
import { type LABELS, VARIANTS } from '../../../pipeline/predictions.js';
import { RESPONSE_FILE, RESPONSE_STAGE, responseDocumentSchema } from '../../../pipeline/quality-report.js';
import { CROP_FILE, cropDocumentSchema } from '../../../pipeline/stage-documents.js';
import { readFileEntry } from '../../../repos/committed-files.js';
import { rootOf } from '../../../repos/repository.js';
import { openTestSystem, type TestSystem } from '../../support/system.js';

/** A seed of no training, validation, evaluation or demonstration. */
const SEED = 110_000;

/** Two exams drawn and taken through all five stages: half a minute of CPU. */
describe('the demonstration bundle in the running system', () => {
  let system: TestSystem;
  let head: Commit;
  let normal: ExamTruth;
  let malignant: ExamTruth;

  before(async () => {
    system = await openTestSystem();
    const folder = join(system.folder, 'phantoms');
    const { truth } = await drawExams(folder, {
      seed: SEED,
      exams: 2,
      mix: { normal: 1, benign: 0, malignant: 1, both: 0 },
    });
    normal = truth.exams.find(({ kind }) => kind === 'normal') as ExamTruth;
    malignant = truth.exams.find(({ kind }) => kind === 'malignant') as ExamTruth;
    await system.startWorkers();
    await system.put('models', join(packageRoot, 'models', 'phantom', 'bundle'));
    await system.put('exams', folder);
    const summary = await system.process();
    assert.deepEqual(summary.exams, { processed: 2, skipped: 0, failed: 0 });
    head = (await system.session.repository.head('main')) as Commit;
  });
  after(() => system?.close());

  const read = async (stage: string, exam: string, file: string): Promise<Uint8Array> => {
    const { repository } = system.session;
    const item = await repository.stages.get(rootOf(head, stage), exam);
    const entry = item?.files.find(({ path }) => path === file);
    assert.ok(entry, `${stage} of ${exam} has no ${file}`);
    return readFileEntry(repository.store, entry);
  };

  it('is answered as the exams of its reference were, lesion or not, so that nothing is warned of', async () => {
    for (const { exam } of [normal, malignant]) {
      const text = Buffer.from(await read(RESPONSE_STAGE, exam, RESPONSE_FILE)).toString('utf8');
      const { checks } = responseDocumentSchema.parse(JSON.parse(text));
      assert.deepEqual(
        checks.map(({ view, verdict, value }) => [view, verdict, typeof value]),
        VIEWS.map((view) => [view, 'ok', 'number']),
      );
    }
    const results = await listResults(system.session.repository, stages, head);
    assert.ok(results.every(({ warnings }) => warnings === undefined));
  });

  it('lights up inside the malignant lesion, in every view that shows one', async () => {
    const text = Buffer.from(await read('crop', malignant.exam, CROP_FILE)).toString('utf8');
    const crop = cropDocumentSchema.parse(JSON.parse(text));
    let looked = 0;
    for (const view of VIEWS) {
      const [top, , left] = crop.views[view].window_location;
      const lesions = malignant.lesions
        .flatMap(({ views }) => views[view] ?? [])
        .map(({ row, column, radius }) => ({ row: row - top, column: column - left, radius }));
      if (lesions.length === 0) continue;
      const maps = readNpz(await read('generate_heatmaps', malignant.exam, heatmapFile(view)), ['malignant']);
      const peak = heatmapPeak(maps.malignant);
      assert.ok(
        lesions.some((lesion) => isInside(peak, lesion)),
        `${view}: the maximum ${JSON.stringify(peak)} is in none of ${JSON.stringify(lesions)}`,
      );
      looked += 1;
    }
    assert.ok(looked >= 2, 'a lesion is drawn in both views of its breast');
  });

  it('predicts more for the breast with a malignant lesion than for any other', async () => {
    const results = new Map(
      (await listResults(system.session.repository, stages, head)).map((result) => [result.exam, result]),
    );
    for (const variant of VARIANTS) {
      const of = (exam: string, label: (typeof LABELS)[number]): number =>
        results.get(exam)?.[variant]?.[label] as number;
      const labels = (['left_malignant', 'right_malignant'] as const).flatMap((label) =>
        [normal, malignant].map(({ exam, labels: truth }) => ({ positive: truth[label], value: of(exam, label) })),
      );
      const lowest = Math.min(...labels.filter(({ positive }) => positive).map(({ value }) => value));
      const highest = Math.max(...labels.filter(({ positive }) => !positive).map(({ value }) => value));
      assert.ok(lowest > highest, `${variant}: ${lowest} for a malignant breast, ${highest} for one without`);
    }
  });
});
