import { MersenneTwister, uniform } from '../../imaging/mersenne-twister.js';
import {
  CLASSIFIER_OUTPUTS,
  classifierInput,
  interfaceOf,
  PATCH_INPUT,
  PATCH_OUTPUT,
} from '../../inference/network-interface.js';
import { VIEWS, viewPositionOf } from '../../pipeline/exam.js';
import { type GraphBuilder, graphBuilder } from '../onnx/graph-builder.js';
import { encodeOnnx } from '../onnx/onnx-graph.js';

/**
 * Tiny networks with random weights and the interface of NYU's, so that the whole pipeline runs in seconds on a fresh
 * machine. Nothing was trained: their numbers depend on the pixels and mean nothing.
 */

const DOCUMENTATION = 'Untrained placeholder with random weights. Its numbers mean nothing.';
const FIRST_FILTERS = 8;
const FEATURES = 16;

/** A graph's builder that also draws weights. */
interface Builder extends GraphBuilder {
  /** Adds random weights, uniform within `bound`, and returns their name. */
  weights(name: string, shape: readonly number[], bound: number): string;
}

function builder(seed: number): Builder {
  const random = MersenneTwister.numpy(seed);
  const graph = graphBuilder();
  return {
    ...graph,
    weights(name, shape, bound) {
      const count = shape.reduce((product, size) => product * size, 1);
      return graph.constant(
        name,
        shape,
        Float32Array.from({ length: count }, () => uniform(random, -bound, bound)),
      );
    },
  };
}

/** Bound of a uniform distribution that keeps the variance of activations through a ReLU (He et al. 2015). */
const heBound = (inputs: number): number => Math.sqrt(6 / inputs);

interface TrunkWeights {
  readonly first: readonly [weight: string, bias: string];
  readonly second: readonly [weight: string, bias: string];
}

function trunkWeights(build: Builder, name: string, channels: number): TrunkWeights {
  return {
    first: [
      build.weights(`${name}_first_weight`, [FIRST_FILTERS, channels, 3, 3], heBound(9 * channels)),
      build.weights(`${name}_first_bias`, [FIRST_FILTERS], 0.1),
    ],
    second: [
      build.weights(`${name}_second_weight`, [FEATURES, FIRST_FILTERS, 3, 3], heBound(9 * FIRST_FILTERS)),
      build.weights(`${name}_second_bias`, [FEATURES], 0.1),
    ],
  };
}

/** Shrinks by `pool`, two strided convolutions, global average: `[n, channels, rows, columns]` to `[n, FEATURES]`. */
function trunk(build: Builder, input: string, weights: TrunkWeights, pool: number): string {
  const stride = { kernel_shape: [3, 3], strides: [2, 2] };
  const small = build.node('AveragePool', [input], `${input}_small`, {
    kernel_shape: [pool, pool],
    strides: [pool, pool],
  });
  const first = build.node(
    'Relu',
    [build.node('Conv', [small, ...weights.first], `${input}_conv1`, stride)],
    `${input}_relu1`,
  );
  const second = build.node(
    'Relu',
    [build.node('Conv', [first, ...weights.second], `${input}_conv2`, stride)],
    `${input}_relu2`,
  );
  return build.node('Flatten', [build.node('GlobalAveragePool', [second], `${input}_mean`)], `${input}_features`);
}

/** The patch network's stand-in: `x [n, 3, 256, 256]` to `logits [n, 4]`. */
export function placeholderPatchNetwork(seed: number): Uint8Array {
  const build = builder(seed);
  const features = trunk(build, PATCH_INPUT, trunkWeights(build, 'trunk', 3), 8);
  const weight = build.weights('head_weight', [FEATURES, 4], heBound(FEATURES));
  build.node('Gemm', [features, weight, build.weights('head_bias', [4], 0.5)], PATCH_OUTPUT);
  return encodeOnnx({ name: 'placeholder_patch', documentation: DOCUMENTATION, ...interfaceOf('patch', 3), ...build });
}

/** A classifier's stand-in: four views to log-probabilities `cc` and `mlo`, `[1, 4, 2]` each. */
export function placeholderClassifier(role: 'image' | 'imageheatmaps', seed: number): Uint8Array {
  const build = builder(seed);
  const channels = role === 'image' ? 1 : 3;
  build.constant('head_shape', [3], BigInt64Array.of(1n, 4n, 2n));
  for (const output of CLASSIFIER_OUTPUTS) {
    const weights = trunkWeights(build, output, channels);
    const views = VIEWS.filter((view) => viewPositionOf(view).toLowerCase() === output);
    const features = views.map((view) => trunk(build, classifierInput(view), weights, 16));
    const both = build.node('Concat', features, `${output}_features`, { axis: 1 });
    const weight = build.weights(`${output}_head_weight`, [2 * FEATURES, 8], heBound(2 * FEATURES));
    const rows = build.node('Gemm', [both, weight, build.weights(`${output}_head_bias`, [8], 0.5)], `${output}_logits`);
    build.node('LogSoftmax', [build.node('Reshape', [rows, 'head_shape'], `${output}_rows`)], output, { axis: -1 });
  }
  return encodeOnnx({
    name: `placeholder_${role}`,
    documentation: DOCUMENTATION,
    ...interfaceOf(role, channels),
    ...build,
  });
}
