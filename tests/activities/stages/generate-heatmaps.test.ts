import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StageInputs } from '../../../activities/stage.js';
import { generateHeatmaps } from '../../../activities/stages/generate-heatmaps.js';
import { writeGrey16Png } from '../../../imaging/grey16-png.js';
import { readNpz } from '../../../imaging/npz.js';
import type { FloatPlane } from '../../../imaging/planes.js';
import { readBundle } from '../../../inference/bundle.js';
import { type Lanes, startLanes } from '../../../inference/lanes.js';
import { ExamError } from '../../../pipeline/errors.js';
import { VIEWS, viewFile } from '../../../pipeline/exam.js';
import { goldenModels, smallHeatmapDifferences } from '../../support/golden-exam.js';
import { itWithShared, repositoryRoot } from '../../support/shared.js';
import { modelsOf, runStageHere, withFolder } from '../../support/stage-run.js';
import { syntheticCrop } from '../../support/synthetic-crop.js';

/** PIPELINE.md 10. */
const TOLERANCE = 5e-5;

describe('the stage generate_heatmaps', () => {
  let lanes: Lanes;
  before(() => {
    lanes = startLanes();
  });
  after(() => lanes.close());

  const withPlaceholder = async (files: Record<string, string>): Promise<StageInputs> => {
    const bundle = await readBundle(join(repositoryRoot, 'models', 'placeholder', 'bundle'));
    return { exam: 'synthetic', models: modelsOf(bundle), files: { crop: files } };
  };

  itWithShared('gives single views the heatmaps of the original program and of float64', async (shared) => {
    const { patch } = await goldenModels(shared);
    const differences = await smallHeatmapDifferences(shared, lanes, patch);
    for (const [what, difference] of differences) {
      console.log(`      ${what}: greatest difference ${difference.toExponential(1)}`);
      assert.ok(difference <= TOLERANCE, `${what} differs by ${difference}`);
    }
    assert.equal(differences.size, 6);
  });

  it('writes the same bytes every time, and reports how far each view is', async () => {
    await withFolder(async (folder) => {
      const inputs = await withPlaceholder(await syntheticCrop(join(folder, 'crop'), 700, 400));
      const finished = new Set<string>();
      for (const run of ['a', 'b']) {
        const result = await runStageHere(generateHeatmaps, inputs, join(folder, run), {
          inference: lanes,
          onProgress: ({ step, done, total }) => void (done === total && finished.add(step)),
        });
        assert.deepEqual(result.files, ['L_CC.npz', 'R_CC.npz', 'L_MLO.npz', 'R_MLO.npz']);
      }
      assert.deepEqual([...finished].sort(), [...VIEWS].sort());
      for (const view of VIEWS) {
        const [a, b] = await Promise.all(['a', 'b'].map((run) => readFile(join(folder, run, `${view}.npz`))));
        assert.ok(a?.equals(b as Buffer), `${view}.npz differs between two runs`);
        const { benign, malignant } = readNpz(a as Buffer, ['benign', 'malignant']);
        assert.deepEqual([benign.rows, benign.columns, malignant.rows, malignant.columns], [700, 400, 700, 400]);
        assert.ok(benign.pixels.every((value) => value > 0 && value < 1));
        assert.ok(new Set(benign.pixels).size > 10, 'the heatmap does not depend on the image');
      }
    });
  });

  it('mirrors: a right breast that is the mirror image of a left one gets the mirrored heatmap', async () => {
    await withFolder(async (folder) => {
      // 676 rows and 396 columns: the strides fit without a draw, so all views have the same patches.
      const inputs = await withPlaceholder(await syntheticCrop(join(folder, 'crop'), 676, 396));
      await runStageHere(generateHeatmaps, inputs, join(folder, 'out'), { inference: lanes });
      const [left, right] = await Promise.all(
        ['L_CC', 'R_CC'].map(
          async (view) => readNpz(await readFile(join(folder, 'out', `${view}.npz`)), ['benign']).benign,
        ),
      );
      assert.ok(left && right);
      for (let row = 0; row < left.rows; row += 97) {
        const line = (plane: FloatPlane): Float32Array =>
          plane.pixels.slice(row * plane.columns, (row + 1) * plane.columns);
        assert.deepEqual(line(right).reverse(), line(left));
      }
    });
  });

  it('refuses a view smaller than a patch as an error of the exam', async () => {
    await withFolder(async (folder) => {
      const files = await syntheticCrop(join(folder, 'crop'), 700, 400);
      const small = { rows: 300, columns: 255, pixels: new Uint16Array(300 * 255).fill(9) };
      await writeFile(files[viewFile('R_CC')] as string, await writeGrey16Png(small));
      await assert.rejects(
        runStageHere(generateHeatmaps, await withPlaceholder(files), join(folder, 'out'), { inference: lanes }),
        (error) => error instanceof ExamError && error.code === 'view-too-small' && error.view === 'R_CC',
      );
    });
  });

  it('stops when it is aborted', async () => {
    await withFolder(async (folder) => {
      const inputs = await withPlaceholder(await syntheticCrop(join(folder, 'crop'), 2000, 1000));
      const controller = new AbortController();
      const run = runStageHere(generateHeatmaps, inputs, join(folder, 'out'), {
        inference: lanes,
        signal: controller.signal,
        onProgress: () => controller.abort(new Error('cancelled by the test')),
      });
      await assert.rejects(run, /cancelled by the test/);
    });
  });

  it('refuses parameters out of range', () => {
    for (const parameters of [{ stride: 0 }, { stride: 257 }, { seed: -1 }, { stride: 1.5 }, { strides: 70 }]) {
      assert.equal(generateHeatmaps.parameters.safeParse(parameters).success, false, JSON.stringify(parameters));
    }
    assert.deepEqual(generateHeatmaps.parameters.parse({}), { stride: 70, seed: 0 });
  });
});
