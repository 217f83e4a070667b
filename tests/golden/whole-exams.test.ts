import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { importModels } from '../../api/changing/import-models.js';
import { readGrey16Png } from '../../imaging/grey16-png.js';
import { readNpz } from '../../imaging/npz.js';
import type { Commit } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { VIEWS } from '../../pipeline/exam.js';
import { LABELS, predictionsSchema, VARIANTS } from '../../pipeline/predictions.js';
import { centersDocumentSchema, cropDocumentSchema } from '../../pipeline/stage-documents.js';
import { readFileEntry } from '../../repos/committed-files.js';
import { rootOf } from '../../repos/repository.js';
import { type GoldenCrop, goldenJson, goldenPath } from '../imaging/golden.js';
import { greatestDifference, readGoldenNpz } from '../support/golden-npz.js';
import { itWithShared } from '../support/shared.js';
import { openTestSystem, type TestSystem } from '../support/system.js';

const HEATMAP_TOLERANCE = 5e-5;
/** From pixels to predictions, so the heatmaps' own rounding is in it. */
const PREDICTION_TOLERANCE = 1e-4;

type GoldenPredictions = Record<string, { prediction: number[] }>;

/**
 * Checkpoints and a folder in, results out, compared with what the original Python program made of the same exams. Minutes of
 * convolution, so it runs where asked for; the tests of the single stages are its fast form.
 */
describe('a whole exam through the running system', function () {
  this.timeout(1_800_000);
  const asked = process.env.MAMMOFLOW_FULL_GOLDEN === '1';
  let system: TestSystem | undefined;
  after(() => system?.close());

  if (!asked) it.skip('gives what the original program gave (set MAMMOFLOW_FULL_GOLDEN=1)');
  else {
    itWithShared('gives what the original program gave', async (shared) => {
      system = await openTestSystem();
      await system.startWorkers();
      const folderOfModels = join(shared, 'reference', 'checkpoints');
      await importModels(system.session, { folder: folderOfModels, name: 'reference', process: false });
      const folder = join(system.folder, 'exams');
      for (const exam of ['gmic-0', 'mixed'])
        cpSync(join(shared, 'exams', exam), join(folder, exam), { recursive: true });
      await system.put('exams', folder);
      const summary = await system.process();
      assert.deepEqual(summary.exams, { processed: 2, skipped: 0, failed: 0 });
      for (const exam of ['gmic-0', 'mixed'] as const) await compareExam(system, shared, exam);
    });
  }
});

async function compareExam(system: TestSystem, shared: string, exam: 'gmic-0' | 'mixed'): Promise<void> {
  const { repository } = system.session;
  const head = (await repository.head('main')) as Commit;
  const read = async (stage: string, file: string): Promise<Buffer> => {
    const item = await repository.stages.get(rootOf(head, stage), exam);
    const entry = item?.files.find(({ path }) => path === file);
    if (entry === undefined) throw new MammoflowError('not-found', `${stage} of ${exam} has no ${file}`);
    return Buffer.from(await readFileEntry(repository.store, entry));
  };
  const crop = cropDocumentSchema.parse(JSON.parse((await read('crop', 'crop.json')).toString()));
  const centers = centersDocumentSchema.parse(JSON.parse((await read('extract_centers', 'centers.json')).toString()));
  const predictions = predictionsSchema.parse(JSON.parse((await read('classify', 'predictions.json')).toString()));
  const goldenCrops = goldenJson<GoldenCrop[]>(shared, exam, 'crop_centers.json');
  let compared = 0;
  const told = (what: string, difference: number): void => {
    console.log(`      ${exam} ${what}: greatest difference ${difference.toExponential(1)}`);
    compared += 1;
  };
  for (const view of VIEWS) {
    const golden = goldenCrops.find(({ image }) => image === view) as GoldenCrop & Record<string, unknown>;
    const { window_location, rightmost_points, bottommost_points, distance_from_starting_side } = crop.views[view];
    assert.deepEqual(
      { window_location, rightmost_points, bottommost_points, distance_from_starting_side },
      {
        window_location: golden.window_location,
        rightmost_points: golden.rightmost_points,
        bottommost_points: golden.bottommost_points,
        distance_from_starting_side: golden.distance_from_starting_side,
      },
    );
    assert.deepEqual(centers.views[view].best_center, golden.best_center);
    const { pixels } = await readGrey16Png(await read('crop', `${view}.png`));
    const sha256 = createHash('sha256')
      .update(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength))
      .digest('hex');
    assert.equal(sha256, golden.cropped_sha256_le16);
    told(`crop and center of ${view}`, 0);

    const maps = readNpz(await read('generate_heatmaps', `${view}.npz`), ['benign', 'malignant']);
    const goldenMaps = await readGoldenNpz(goldenPath(shared, exam, `heatmaps_${view}.npz`));
    for (const name of ['benign', 'malignant'] as const) {
      const difference = greatestDifference(maps[name].pixels, goldenMaps[name]?.values ?? []);
      told(`${name} heatmap of ${view}`, difference);
      assert.ok(difference <= HEATMAP_TOLERANCE);
    }
  }
  const golden = goldenJson<GoldenPredictions>(shared, exam, 'predictions.json');
  for (const variant of VARIANTS) {
    const actual = LABELS.map((label) => predictions[variant][label]);
    const difference = greatestDifference(actual, golden[`${variant}_aug10`]?.prediction ?? []);
    told(`predictions, ${variant}`, difference);
    assert.ok(difference <= PREDICTION_TOLERANCE);
  }
  assert.equal(compared, 4 * 3 + 2);
}
