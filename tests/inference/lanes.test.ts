import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readGrey16Png } from '../../imaging/grey16-png.js';
import { mirrorColumns } from '../../imaging/orientation.js';
import { standardiseWholeImage } from '../../imaging/standardise.js';
import type { FloatTensor } from '../../inference/inference-pool.js';
import { type Lanes, laneCountFrom, startLanes } from '../../inference/lanes.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { isMirroredOnDisk } from '../../pipeline/exam.js';
import { goldenModels } from '../support/golden-exam.js';
import { greatestDifference, readGoldenNpz } from '../support/golden-npz.js';
import { itWithShared, repositoryRoot } from '../support/shared.js';
import { withFolder } from '../support/stage-run.js';

const PLACEHOLDER = { path: join(repositoryRoot, 'models/placeholder/bundle/patch.onnx'), sha256: 'placeholder' };
const patches = (count: number): { x: FloatTensor } => ({
  x: {
    data: Float32Array.from({ length: count * 3 * 65536 }, (_, index) => ((index * 7919) % 1013) / 500 - 1),
    shape: [count, 3, 256, 256],
  },
});
const isError = (code: string) => (error: unknown) => error instanceof MammoflowError && error.code === code;

describe('the inference lanes', () => {
  let lanes: Lanes;
  before(() => {
    lanes = startLanes({ MAMMOFLOW_INFERENCE_THREADS: '2' });
  });
  after(() => lanes.close());

  itWithShared('give the logits of the original program for the golden patches', async (shared) => {
    const folder = join(shared, 'reference', 'golden', 'gmic-0');
    const golden = await readGoldenNpz(join(folder, 'patch_logits.npz'));
    const positions = JSON.parse(await readFile(join(folder, 'patch_positions.json'), 'utf8')) as Record<
      string,
      { row_positions: number[]; col_positions: number[] }
    >;
    const { patch } = await goldenModels(shared);
    let compared = 0;
    for (const [view, names] of [
      ['L_CC', ['L_CC_first20', 'L_CC_first20_float64']],
      ['R_MLO', ['R_MLO_first20']],
    ] as const) {
      const onDisk = await readGrey16Png(join(shared, 'exams', 'gmic-0', `${view}.png`));
      const image = isMirroredOnDisk(view, 'NO') ? mirrorColumns(onDisk) : onDisk;
      const pixels = standardiseWholeImage(image.pixels);
      const { row_positions: rows, col_positions: columns } = positions[view] as (typeof positions)[string];
      const origins = columns.flatMap((column) => rows.map((row) => [row, column] as const)).slice(0, 20);
      const outputs = await Promise.all(
        origins.map(([top, left]) => {
          const data = new Float32Array(3 * 65536);
          for (let row = 0; row < 256; row += 1) {
            const start = (top + row) * image.columns + left;
            for (const channel of [0, 1, 2]) data.set(pixels.subarray(start, start + 256), channel * 65536 + row * 256);
          }
          return lanes.run(patch, { x: { data, shape: [1, 3, 256, 256] } });
        }),
      );
      const logits = outputs.flatMap(({ logits }) => [...(logits?.data ?? [])]);
      for (const name of names) {
        const expected = golden[name]?.values ?? [];
        const difference = greatestDifference(logits, expected);
        const probability = greatestDifference(softmaxRows(logits), softmaxRows([...expected]));
        console.log(
          `      ${name}: logits ${difference.toExponential(1)}, probabilities ${probability.toExponential(1)}`,
        );
        assert.ok(difference <= 1e-4 && probability <= 5e-5, `${name} differs by ${difference}`);
        compared += 1;
      }
    }
    assert.equal(compared, 3);
  });

  it('give the inputs back to one who wants to use their memory again', async () => {
    const [kept, given] = [patches(2), patches(2)];
    const back: Readonly<Record<string, FloatTensor>>[] = [];
    await lanes.run(PLACEHOLDER, given, (inputs) => back.push(inputs));
    assert.deepEqual(back, [kept]);
    assert.equal(given.x.data.length, 0);
  });

  it('give each caller its own result when many run at once', async () => {
    const alone = await Promise.all(
      [1, 2, 3].map(async (count) => (await lanes.run(PLACEHOLDER, patches(count))).logits),
    );
    const together = await Promise.all(
      Array.from({ length: 12 }, (_, index) => lanes.run(PLACEHOLDER, patches((index % 3) + 1))),
    );
    together.forEach(({ logits }, index) => {
      assert.deepEqual(logits, alone[index % 3]);
    });
    assert.deepEqual(alone[1]?.shape, [2, 4]);
  });

  it('take the buffers of the inputs over', async () => {
    const inputs = patches(1);
    await lanes.run(PLACEHOLDER, inputs);
    assert.equal(inputs.x.data.length, 0);
  });

  it('refuse inputs that do not fit and go on', async () => {
    const wrong = { x: { data: new Float32Array(12), shape: [1, 3, 2, 2] } };
    await assert.rejects(lanes.run(PLACEHOLDER, wrong), isError('inference-failed'));
    await assert.rejects(lanes.run(PLACEHOLDER, { y: patches(1).x }), isError('inference-failed'));
    assert.equal((await lanes.run(PLACEHOLDER, patches(1))).logits?.data.length, 4);
  });

  it('refuse a file that is no network', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'broken.onnx');
      await writeFile(path, 'not a network');
      await assert.rejects(lanes.run({ path, sha256: 'broken' }, patches(1)), isError('invalid-bundle'));
    });
  });

  it('reject what is under way when they are closed', async () => {
    const closing = startLanes({ MAMMOFLOW_INFERENCE_THREADS: '1' });
    const runs = [closing.run(PLACEHOLDER, patches(1)), closing.run(PLACEHOLDER, patches(1))];
    const settled = Promise.allSettled(runs);
    await closing.close();
    assert.deepEqual(
      (await settled).map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    await assert.rejects(closing.run(PLACEHOLDER, patches(1)), isError('inference-failed'));
  });

  it('say clearly when an execution provider does not work on this machine', async function () {
    const graphics = startLanes({ MAMMOFLOW_EXECUTION_PROVIDERS: 'cuda' });
    assert.deepEqual([graphics.lanes, graphics.patchBatch, graphics.executionProvider], [1, 32, 'cuda']);
    try {
      await graphics.run(PLACEHOLDER, patches(1));
      this.skip();
    } catch (error) {
      if (!(error instanceof MammoflowError)) throw error;
      assert.equal(error.code, 'invalid-configuration');
      assert.match(error.sentence, /cuda does not work on this machine.*MAMMOFLOW_EXECUTION_PROVIDERS=cpu/);
    } finally {
      await graphics.close();
    }
  });

  it('refuse settings that make no sense', () => {
    for (const text of ['0', '-1', '1.5', 'many']) {
      assert.throws(() => laneCountFrom({ MAMMOFLOW_INFERENCE_THREADS: text }), isError('invalid-configuration'));
    }
    assert.throws(() => startLanes({ MAMMOFLOW_EXECUTION_PROVIDERS: 'abacus' }), isError('invalid-configuration'));
    assert.equal(laneCountFrom({ MAMMOFLOW_INFERENCE_THREADS: '3' }), 3);
  });
});

function softmaxRows(logits: readonly number[]): number[] {
  const probabilities: number[] = [];
  for (let start = 0; start < logits.length; start += 4) {
    const exponentials = logits.slice(start, start + 4).map(Math.exp);
    const sum = exponentials.reduce((total, value) => total + value, 0);
    probabilities.push(...exponentials.map((value) => value / sum));
  }
  return probabilities;
}
