import { interfaceOf, PATCH_INPUT, PATCH_OUTPUT } from '../../inference/network-interface.js';
import type { Weights } from '../checkpoint/weights.js';
import { graphBuilder } from '../onnx/graph-builder.js';
import type { OnnxGraph } from '../onnx/onnx-graph.js';
import {
  activate,
  batchNormConstants,
  type Convolution,
  convolutionConstants,
  type LayerWriter,
  linear,
  linearConstants,
} from './layers.js';

/* DenseNet-121 (Huang et al., 2017) with the numbers of PIPELINE.md 4.3. */
const FIRST_FEATURES = 64;
const GROWTH = 32;
const BOTTLENECK = 4 * GROWTH;
const BLOCKS = [6, 12, 24, 16] as const;
const IMAGE_CHANNELS = 3;
const CLASSES = 4;

/** TensorFlow's "same" padding of 256 and 128 rows: what is odd comes at the end (PIPELINE.md 4.3). */
const FIRST_PADDING = [2, 2, 3, 3];
const POOL_PADDING = [0, 0, 1, 1];

/**
 * The patch network as a graph: `x [n, 1, 256, 256]` to `logits [n, 4]`. It computes what the checkpoint's network
 * computes from three equal channels, with less work:
 *
 * - a batch norm behind a convolution is folded into it;
 * - the three channels of a patch are one picture, so the first convolution needs one;
 * - a transition averages before its 1×1 convolution instead of after it. Both are linear and the average weighs all
 *   channels alike, so that their order does not matter, and the convolution has a quarter of the pixels: 8 % of all
 *   multiply-adds of the network.
 *
 * The pool is padded with what cannot win instead of with zeros, which makes no difference behind a ReLU.
 *
 * @throws MammoflowError `invalid-checkpoint` as `weights` does.
 */
export function patchNetwork(weights: Weights): OnnxGraph {
  const graph = graphBuilder();
  const writer: LayerWriter = { graph, weights };
  const convolve = (input: string, convolution: Convolution, attributes: Record<string, number | number[]>): string =>
    graph.node('Conv', [input, ...convolutionConstants(writer, convolution)], convolution.name, {
      kernel_shape: [convolution.kernel, convolution.kernel],
      ...attributes,
    });
  const relu = (input: string): string => graph.node('Relu', [input], `${input}.relu`);

  const first: Convolution = {
    name: 'features.conv0',
    inputs: IMAGE_CHANNELS,
    outputs: FIRST_FEATURES,
    kernel: 7,
    norm: 'features.norm0',
    equalInputs: true,
  };
  let features = graph.node(
    'MaxPool',
    [relu(convolve(PATCH_INPUT, first, { strides: [2, 2], pads: FIRST_PADDING }))],
    'features.pool0',
    { kernel_shape: [3, 3], strides: [2, 2], pads: POOL_PADDING },
  );
  let channels = FIRST_FEATURES;
  for (const [index, layers] of BLOCKS.entries()) {
    for (let layer = 1; layer <= layers; layer += 1) {
      const name = `features.denseblock${index + 1}.denselayer${layer}`;
      const active = activate(graph, features, batchNormConstants(writer, `${name}.norm1`, channels), `${name}.active`);
      const narrow: Convolution = {
        name: `${name}.conv1`,
        inputs: channels,
        outputs: BOTTLENECK,
        kernel: 1,
        norm: `${name}.norm2`,
      };
      const grown = convolve(
        relu(convolve(active, narrow, {})),
        { name: `${name}.conv2`, inputs: BOTTLENECK, outputs: GROWTH, kernel: 3 },
        { pads: [1, 1, 1, 1] },
      );
      features = graph.node('Concat', [features, grown], `${name}.features`, { axis: 1 });
      channels += GROWTH;
    }
    if (index === BLOCKS.length - 1) break;
    const name = `features.transition${index + 1}`;
    const active = activate(graph, features, batchNormConstants(writer, `${name}.norm`, channels), `${name}.active`);
    const small = graph.node('AveragePool', [active], `${name}.pool`, { kernel_shape: [2, 2], strides: [2, 2] });
    features = convolve(small, { name: `${name}.conv`, inputs: channels, outputs: channels / 2, kernel: 1 }, {});
    channels /= 2;
  }
  const active = activate(graph, features, batchNormConstants(writer, 'features.norm5', channels), 'features.active');
  const means = graph.node('Flatten', [graph.node('GlobalAveragePool', [active], 'features.mean')], 'features.vector');
  linear(graph, means, linearConstants(writer, 'classifier', channels, CLASSES), PATCH_OUTPUT);
  return {
    name: 'nyu_patch',
    documentation: 'Patch network of the NYU breast cancer classifier, imported from a checkpoint.',
    ...interfaceOf('patch', 1),
    ...graph,
  };
}
