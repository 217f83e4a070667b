import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSparingSession } from '../../../inference/background/open-sparing-session.js';
import { alikeColumns, spareColumns } from '../../../inference/background/spare-columns.js';
import { sparingNetwork } from '../../../inference/background/sparing-network.js';
import type { FloatTensor } from '../../../inference/inference-pool.js';
import { openSession } from '../../../inference/onnx-session.js';
import { graphBuilder } from '../../../models/onnx/graph-builder.js';
import { encodeOnnx } from '../../../models/onnx/onnx-graph.js';
import { WINDOW_SIZE } from '../../../pipeline/bundle.js';
import { VIEWS, viewPositionOf } from '../../../pipeline/exam.js';
import { itWithShared, repositoryRoot } from '../../support/shared.js';

const OPTIONS = { providers: { names: ['cpu'], onCpu: true }, memoryArena: false } as const;
const ROWS = 90;
const COLUMNS = 240;

/** Numbers that look random and are the same every time. */
function numbers(length: number, seed: number, scale = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * scale;
  });
}

/** A small ResNet with activations first, as NYU's classifiers are, and what may be between it and its output. */
function smallResnet(mean: 'GlobalAveragePool' | 'ReduceMean', between?: string): Uint8Array {
  const graph = graphBuilder();
  let seed = 1;
  const convolve = (
    input: string,
    from: number,
    to: number,
    kernel: number,
    stride: number,
    output: string,
  ): string => {
    seed += 1;
    const values = numbers(to * from * kernel * kernel, seed, 1 / (kernel * Math.sqrt(from)));
    const weight = graph.constant(`${output}.weight`, [to, from, kernel, kernel], values);
    const pads = kernel === 3 ? { pads: [1, 1, 1, 1] } : {};
    const sizes = { kernel_shape: [kernel, kernel], strides: [stride, stride] };
    return graph.node('Conv', [input, weight], output, { ...sizes, ...pads });
  };
  const activate = (input: string, channels: number, output: string): string => {
    seed += 1;
    const constant = (part: string, values: Float32Array): string =>
      graph.constant(`${output}.${part}`, [channels], values);
    const norm = [
      constant('weight', numbers(channels, seed)),
      constant('bias', numbers(channels, seed + 100)),
      constant('running_mean', numbers(channels, seed + 200)),
      constant('running_var', new Float32Array(channels).fill(0.7)),
    ];
    return graph.node('Relu', [graph.node('BatchNormalization', [input, ...norm], `${output}.norm`)], output);
  };
  let map = convolve('x', 2, 16, 7, 2, 'first');
  map = graph.node('MaxPool', [map], 'pool', { kernel_shape: [3, 3], strides: [2, 2] });
  let channels = 16;
  for (const [layer, to] of [16, 32].entries()) {
    for (const index of [0, 1]) {
      const name = `${layer}.${index}`;
      const stride = layer > 0 && index === 0 ? 2 : 1;
      const active = activate(map, channels, `${name}.active`);
      const past = index === 0 ? convolve(active, channels, to, 1, stride, `${name}.past`) : map;
      const middle = activate(convolve(active, channels, to, 3, stride, `${name}.conv1`), to, `${name}.middle`);
      map = graph.node('Add', [convolve(middle, to, to, 3, 1, `${name}.conv2`), past], `${name}.sum`);
      channels = to;
    }
  }
  map = activate(map, channels, 'last');
  if (between !== undefined) map = graph.node(between, [map], 'between');
  const attributes = mean === 'ReduceMean' ? { axes: [2, 3], keepdims: 1 } : undefined;
  graph.node(mean, [map], 'y', attributes);
  return encodeOnnx({
    name: 'small',
    documentation: '',
    inputs: [{ name: 'x', shape: [1, 2, ROWS, COLUMNS] }],
    outputs: [{ name: 'y', shape: [1, 32, 1, 1] }],
    ...graph,
  });
}

/** A window whose columns from `end` on are alike. */
function window(end: number, rows = ROWS, columns = COLUMNS, channels = 2): FloatTensor {
  const data = numbers(channels * rows * columns, 7);
  for (let line = 0; line < channels * rows; line += 1) {
    data.fill(-0.37 - (line >= rows ? 1 : 0), line * columns + end, (line + 1) * columns);
  }
  return { data, shape: [1, channels, rows, columns] };
}

describe('a network that is spared background', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mammoflow-sparing-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const write = async (name: string, bytes: Uint8Array): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, bytes);
    return path;
  };

  for (const mean of ['GlobalAveragePool', 'ReduceMean'] as const) {
    it(`gives the same bits as without, wherever the background begins (${mean})`, async () => {
      const path = await write(`${mean}.onnx`, smallResnet(mean));
      const [plain, sparing] = [await openSession(path, OPTIONS), await openSparingSession(path, OPTIONS)];
      for (const end of [0, 1, 2, 3, 40, 41, 42, 43, 100, 187, 239, 240]) {
        const x = window(end);
        const expected = (await plain.run({ x })).y as FloatTensor;
        const found = (await sparing.run({ x })).y as FloatTensor;
        assert.deepEqual(found, expected, `background from column ${end} on`);
      }
    });
  }

  it('computes a part of what is there', () => {
    const [trunk] = sparingNetwork(smallResnet('GlobalAveragePool'))?.trunks ?? [];
    assert.ok(trunk);
    assert.equal(trunk.segments.length, 3);
    assert.equal(spareColumns(trunk, window(40)).window.shape[3], 52);
    assert.equal(spareColumns(trunk, window(COLUMNS)).window.shape[3], COLUMNS);
  });

  it('is cut where nothing else can read what was left out, or run as it is', async () => {
    // Not known to treat every place alike: the trunk ends before it.
    const path = await write('softmax.onnx', smallResnet('GlobalAveragePool', 'Softmax'));
    const [plain, sparing] = [await openSession(path, OPTIONS), await openSparingSession(path, OPTIONS)];
    assert.deepEqual(await sparing.run({ x: window(60) }), await plain.run({ x: window(60) }));
    assert.equal(sparingNetwork(new Uint8Array([1, 2, 3])), undefined);
    const patch = await readFile(join(repositoryRoot, 'models', 'placeholder', 'bundle', 'patch.onnx'));
    assert.equal(sparingNetwork(patch), undefined, 'takes any number of patches at once');
  });

  it('refuses what the network itself would refuse', async () => {
    const sparing = await openSparingSession(await write('small.onnx', smallResnet('ReduceMean')), OPTIONS);
    await assert.rejects(sparing.run({ x: window(40, ROWS + 1) }), { code: 'inference-failed' });
    await assert.rejects(sparing.run({}), { code: 'inference-failed' });
  });

  itWithShared("gives the same bits for windows of full size with the original's layout", async (shared) => {
    const path = join(shared, 'reference', 'onnx', 'sample_image_model.onnx');
    const [plain, sparing] = [await openSession(path, OPTIONS), await openSparingSession(path, OPTIONS)];
    const windows = Object.fromEntries(
      VIEWS.map((view, index) => {
        const [rows, columns] = WINDOW_SIZE[viewPositionOf(view)];
        return [view.toLowerCase(), window([700, 1003, 1, columns][index] as number, rows, columns, 1)];
      }),
    );
    assert.deepEqual(await sparing.run(windows), await plain.run(windows));
  });
});

describe('the alike columns of a window', () => {
  it('are those at its right end in which no line of any channel changes', () => {
    assert.deepEqual(alikeColumns(window(33).data, COLUMNS), { from: 33, to: COLUMNS });
    const { data } = window(33);
    data[(ROWS + 5) * COLUMNS + 120] = 9;
    assert.deepEqual(alikeColumns(data, COLUMNS), { from: 121, to: COLUMNS });
    data[COLUMNS - 1] = Number.NaN;
    assert.deepEqual(alikeColumns(data, COLUMNS), { from: COLUMNS - 1, to: COLUMNS });
  });
});
