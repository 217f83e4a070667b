import { CLASSIFIER_OUTPUTS, classifierInput, interfaceOf } from '../../inference/network-interface.js';
import { VIEWS, viewPositionOf } from '../../pipeline/exam.js';
import { LABELS, type Variant } from '../../pipeline/predictions.js';
import type { Weights } from '../checkpoint/weights.js';
import { graphBuilder } from '../onnx/graph-builder.js';
import type { OnnxGraph } from '../onnx/onnx-graph.js';
import {
  activate,
  batchNormConstants,
  convolutionConstants,
  type LayerWriter,
  linear,
  linearConstants,
} from './layers.js';

/* ResNet-22 with activations first (He et al., 2016; Wu et al., 2019), with the numbers of PIPELINE.md 5.5. */
const FIRST_FEATURES = 16;
/** Channels of each layer, and the stride of its first block. */
const LAYERS = [
  { channels: 16, stride: 1 },
  { channels: 32, stride: 2 },
  { channels: 64, stride: 2 },
  { channels: 128, stride: 2 },
  { channels: 256, stride: 2 },
] as const;
const BLOCKS_PER_LAYER = 2;
const FEATURES = 256;

const CHANNELS: Readonly<Record<Variant, number>> = { image: 1, imageheatmaps: 3 };

/**
 * A four-view classifier as a graph: `l_cc r_cc l_mlo r_mlo` to log-probabilities `cc` and `mlo`, `[1, 4, 2]` each.
 * The networks over CC and over MLO are each in the file once and run on both breasts; the checkpoint's further names
 * for them must hold the same numbers. The batch norm between a block's two convolutions is folded into the first.
 *
 * @throws MammoflowError `invalid-checkpoint` as `weights` does.
 */
export function classifierNetwork(variant: Variant, weights: Weights): OnnxGraph {
  const graph = graphBuilder();
  const writer: LayerWriter = { graph, weights };
  const heads = BigInt64Array.of(1n, BigInt(LABELS.length), 2n);
  graph.constant('heads', [heads.length], heads);
  for (const output of CLASSIFIER_OUTPUTS) {
    const views = VIEWS.map(classifierInput).filter(
      (_, index) => viewPositionOf(VIEWS[index]!).toLowerCase() === output,
    );
    const resnet = resnetConstants(writer, `four_view_resnet.${output}`, CHANNELS[variant]);
    for (const view of views) weights.sameAs(`four_view_resnet.${view}`, `four_view_resnet.${output}`);
    const both = graph.node(
      'Concat',
      views.map((view) => applyResnet(writer, resnet, view)),
      `${output}.both`,
      { axis: 1 },
    );
    const width = FEATURES * views.length;
    const hidden = linear(graph, both, linearConstants(writer, `fc1_${output}`, width, width), `${output}.fc1`);
    const active = graph.node('Relu', [hidden], `${output}.fc1.relu`);
    const last = linearConstants(writer, `output_layer_${output}.fc_layer`, width, 2 * LABELS.length);
    const rows = graph.node('Reshape', [linear(graph, active, last, `${output}.logits`), 'heads'], `${output}.rows`);
    graph.node('LogSoftmax', [rows], output, { axis: -1 });
  }
  return {
    name: `nyu_${variant}`,
    documentation: 'Four-view classifier of the NYU breast cancer classifier, imported from a checkpoint.',
    ...interfaceOf(variant, CHANNELS[variant]),
    ...graph,
  };
}

interface Block {
  readonly name: string;
  readonly stride: number;
  readonly norm: readonly string[];
  readonly first: readonly string[];
  readonly second: readonly string[];
  /** Of a layer's first block: the 1×1 convolution on its way past the block. */
  readonly past: readonly string[] | undefined;
}
interface Resnet {
  readonly first: readonly string[];
  readonly blocks: readonly Block[];
  readonly norm: readonly string[];
}

/** The constants of one ResNet-22, by name. */
function resnetConstants(writer: LayerWriter, name: string, inputs: number): Resnet {
  const first = convolutionConstants(writer, {
    name: `${name}.first_conv`,
    inputs,
    outputs: FIRST_FEATURES,
    kernel: 7,
  });
  const blocks: Block[] = [];
  let channels = FIRST_FEATURES;
  for (const [layer, { channels: outputs, stride }] of LAYERS.entries()) {
    for (let index = 0; index < BLOCKS_PER_LAYER; index += 1) {
      const block = `${name}.layer_list.${layer}.${index}`;
      const convolution = (part: string, from: number, kernel: number, norm?: string): string[] =>
        convolutionConstants(writer, {
          name: `${block}.${part}`,
          inputs: from,
          outputs,
          kernel,
          ...(norm === undefined ? {} : { norm: `${block}.${norm}` }),
        });
      blocks.push({
        name: `${layer}.${index}`,
        stride: index === 0 ? stride : 1,
        norm: batchNormConstants(writer, `${block}.bn1`, channels),
        first: convolution('conv1', channels, 3, 'bn2'),
        second: convolution('conv2', outputs, 3),
        past: index === 0 ? convolution('downsample.0', channels, 1) : undefined,
      });
      channels = outputs;
    }
  }
  return { first, blocks, norm: batchNormConstants(writer, `${name}.final_bn`, channels) };
}

/** Runs a ResNet on a view. @returns the name of its features, `[1, 256]`. */
function applyResnet({ graph }: LayerWriter, resnet: Resnet, view: string): string {
  const convolve = (
    input: string,
    constants: readonly string[],
    output: string,
    kernel: number,
    stride: number,
  ): string =>
    graph.node('Conv', [input, ...constants], `${view}.${output}`, {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      ...(kernel === 3 ? { pads: [1, 1, 1, 1] } : {}),
    });
  let features = graph.node('MaxPool', [convolve(view, resnet.first, 'first', 7, 2)], `${view}.pool`, {
    kernel_shape: [3, 3],
    strides: [2, 2],
  });
  for (const { name, stride, norm, first, second, past } of resnet.blocks) {
    const active = activate(graph, features, norm, `${view}.${name}.active`);
    const residual = past === undefined ? features : convolve(active, past, `${name}.past`, 1, stride);
    const middle = graph.node('Relu', [convolve(active, first, `${name}.conv1`, 3, stride)], `${view}.${name}.relu`);
    const out = convolve(middle, second, `${name}.conv2`, 3, 1);
    features = graph.node('Add', [out, residual], `${view}.${name}.sum`);
  }
  const active = activate(graph, features, resnet.norm, `${view}.active`);
  return graph.node('Flatten', [graph.node('GlobalAveragePool', [active], `${view}.mean`)], `${view}.features`);
}
