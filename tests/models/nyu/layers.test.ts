import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MersenneTwister, uniform } from '../../../imaging/mersenne-twister.js';
import { openSession } from '../../../inference/onnx-session.js';
import { trialInput } from '../../../inference/trial-inputs.js';
import type { Weights } from '../../../models/checkpoint/weights.js';
import { convolutionConstants } from '../../../models/nyu/layers.js';
import { type GraphBuilder, graphBuilder } from '../../../models/onnx/graph-builder.js';
import { encodeOnnx } from '../../../models/onnx/onnx-graph.js';
import { greatestDifference } from '../../support/golden-npz.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';

/** Random weights that stay the same for a name. */
function randomWeights(): Weights {
  const known = new Map<string, Float32Array>();
  const random = MersenneTwister.numpy(3);
  return {
    take(name, shape) {
      const [least, most] = name.endsWith('running_var') ? [0.1, 2] : [-1, 1];
      const count = shape.reduce((product, size) => product * size, 1);
      const values = known.get(name) ?? Float32Array.from({ length: count }, () => uniform(random, least!, most!));
      known.set(name, values);
      return values;
    },
    ignore: () => {},
    sameAs: () => {},
    refuse: (problem) => new Error(problem),
  };
}

/** Runs a graph from `x [1, channels, 300, 280]` to `y`. */
async function run(graph: GraphBuilder, channels: number, shape: readonly number[]): Promise<Float32Array> {
  return withTemporaryFolder(async (folder) => {
    const path = join(folder, 'network.onnx');
    const inputs = [{ name: 'x', shape: [1, channels, 300, 280] }];
    const outputs = [{ name: 'y', shape: [...shape] }];
    await writeFile(path, encodeOnnx({ name: 'test', documentation: '', inputs, outputs, ...graph }));
    const session = await openSession(path, { providers: { names: ['cpu'], onCpu: true }, memoryArena: false });
    const y = (await session.run({ x: trialInput([1, channels, 300, 280]) })).y;
    assert.deepEqual(y?.shape, shape);
    return y.data;
  });
}

const CONVOLUTION = { name: 'conv', inputs: 3, outputs: 5, kernel: 3 } as const;
const ATTRIBUTES = { kernel_shape: [3, 3], strides: [2, 2] };
const OUTPUT = [1, 5, 149, 139];
/** Sums of 27 products of about 1, in float32. */
const TOLERANCE = 1e-5;

describe('folding layers', () => {
  it('gives what convolution and batch norm give one after the other', async () => {
    const weights = randomWeights();
    const folded = graphBuilder();
    const constants = convolutionConstants({ graph: folded, weights }, { ...CONVOLUTION, norm: 'norm' });
    assert.deepEqual(constants, ['conv.weight', 'conv.bias']);
    folded.node('Conv', ['x', ...constants], 'y', ATTRIBUTES);
    const apart = graphBuilder();
    const kernel = apart.constant('kernel', [5, 3, 3, 3], weights.take('conv.weight', [5, 3, 3, 3]));
    const norm = ['weight', 'bias', 'running_mean', 'running_var'].map((part) =>
      apart.constant(part, [5], weights.take(`norm.${part}`, [5])),
    );
    apart.node('Conv', ['x', kernel], 'convolved', ATTRIBUTES);
    apart.node('BatchNormalization', ['convolved', ...norm], 'y');
    const [a, b] = [await run(folded, 3, OUTPUT), await run(apart, 3, OUTPUT)];
    assert.ok(Math.max(...a) > 1, 'the comparison is not one of zeros');
    assert.ok(greatestDifference(a, b) < TOLERANCE, String(greatestDifference(a, b)));
  });

  it('gives from one channel what the convolution gives from three equal ones', async () => {
    const weights = randomWeights();
    const one = graphBuilder();
    const constants = convolutionConstants({ graph: one, weights }, { ...CONVOLUTION, equalInputs: true });
    one.node('Conv', ['x', ...constants], 'y', ATTRIBUTES);
    assert.deepEqual(one.constants[0]?.shape, [5, 1, 3, 3]);
    const three = graphBuilder();
    three.node('Conv', ['x', ...convolutionConstants({ graph: three, weights }, CONVOLUTION)], 'y', ATTRIBUTES);
    const [a, b] = [await run(one, 1, OUTPUT), await run(three, 3, OUTPUT)];
    assert.ok(Math.max(...a) > 1, 'the comparison is not one of zeros');
    assert.ok(greatestDifference(a, b) < TOLERANCE, String(greatestDifference(a, b)));
  });

  it('gives from averaged pixels what averaging after a 1×1 convolution gives', async () => {
    const weights = randomWeights();
    const narrow = { ...CONVOLUTION, kernel: 1 };
    const pool = { kernel_shape: [2, 2], strides: [2, 2] };
    const before = graphBuilder();
    before.node('AveragePool', ['x'], 'pooled', pool);
    before.node('Conv', ['pooled', ...convolutionConstants({ graph: before, weights }, narrow)], 'y');
    const after = graphBuilder();
    after.node('Conv', ['x', ...convolutionConstants({ graph: after, weights }, narrow)], 'convolved');
    after.node('AveragePool', ['convolved'], 'y', pool);
    const shape = [1, 5, 150, 140];
    const [a, b] = [await run(before, 3, shape), await run(after, 3, shape)];
    assert.ok(Math.max(...a) > 1, 'the comparison is not one of zeros');
    assert.ok(greatestDifference(a, b) < TOLERANCE, String(greatestDifference(a, b)));
  });

  it('refuses weights that make no sense together', () => {
    const weights = randomWeights();
    const huge = (name: string): Weights => ({
      ...weights,
      take: (asked, shape) =>
        asked === name ? weights.take(asked, shape).map(() => 3e38) : weights.take(asked, shape),
    });
    const negative: Weights = {
      ...weights,
      take: (name, shape) => weights.take(name, shape).map((value) => (name === 'norm.running_var' ? -value : value)),
    };
    const write = (source: Weights) => () =>
      convolutionConstants({ graph: graphBuilder(), weights: source }, { ...CONVOLUTION, norm: 'norm' });
    assert.throws(write(negative), /has the variance -\d.* in norm\.running_var/);
    assert.throws(
      write({ ...huge('norm.weight'), take: (name, shape) => huge(name).take(name, shape).map(Math.abs) }),
      /conv and norm that are too large together/,
    );
  });
});
