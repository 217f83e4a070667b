import { OPTIONAL, type Weights } from '../checkpoint/weights.js';
import type { GraphBuilder } from '../onnx/graph-builder.js';

/** Where layers are written to, and where their weights come from. */
export interface LayerWriter {
  readonly graph: GraphBuilder;
  readonly weights: Weights;
}

/** A convolution without bias, and the batch norm behind it where there is one. */
export interface Convolution {
  /** The module's name in the checkpoint. */
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  /** Rows and columns of the kernel. */
  readonly kernel: number;
  /** The name of the batch norm that follows and is folded in. */
  readonly norm?: string;
  /** All input channels are the same, so that their kernels add up to the kernel of one. */
  readonly equalInputs?: boolean;
}

/** Added to a variance before its root is taken: torch's default, and ONNX's. */
const EPSILON = 1e-5;

interface BatchNorm {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

function takeBatchNorm({ weights }: LayerWriter, name: string, channels: number): BatchNorm {
  const take = (part: string): Float32Array => weights.take(`${name}.${part}`, [channels]);
  const norm = {
    weight: take('weight'),
    bias: take('bias'),
    mean: take('running_mean'),
    variance: take('running_var'),
  };
  weights.ignore(`${name}${OPTIONAL}`);
  const negative = norm.variance.find((value) => value < 0);
  if (negative !== undefined) throw weights.refuse(`has the variance ${negative} in ${name}.running_var`);
  return norm;
}

/**
 * The weights of a convolution as constants: kernel, and bias where a batch norm is folded in. Sums and products are
 * made in float64 and rounded once.
 * @returns the constants' names.
 */
export function convolutionConstants(writer: LayerWriter, convolution: Convolution): string[] {
  const { name, inputs, outputs, kernel, norm: normName, equalInputs = false } = convolution;
  const size = kernel * kernel;
  const read = writer.weights.take(`${name}.weight`, [outputs, inputs, kernel, kernel]);
  const kept = equalInputs ? 1 : inputs;
  let sums: Float32Array | Float64Array = read;
  if (equalInputs) {
    sums = new Float64Array(outputs * size);
    read.forEach((value, index) => {
      const output = Math.floor(index / (inputs * size));
      (sums[output * size + (index % size)] as number) += value;
    });
  }
  const norm = normName === undefined ? undefined : takeBatchNorm(writer, normName, outputs);
  const scale = norm === undefined ? undefined : scaleOf(norm);
  const values = new Float32Array(sums.length);
  for (let index = 0; index < values.length; index += 1) {
    values[index] = sums[index]! * (scale?.[Math.floor(index / (kept * size))] ?? 1);
  }
  requireFinite(writer, convolution, values);
  const names = [writer.graph.constant(`${name}.weight`, [outputs, kept, kernel, kernel], values)];
  if (norm !== undefined && scale !== undefined) {
    const bias = Float32Array.from(norm.bias, (value, index) => value - norm.mean[index]! * scale[index]!);
    requireFinite(writer, convolution, bias);
    names.push(writer.graph.constant(`${name}.bias`, [outputs], bias));
  }
  return names;
}

/** Weights that are finite by themselves may not be together. */
function requireFinite({ weights }: LayerWriter, { name, norm }: Convolution, values: Float32Array): void {
  for (const value of values) {
    if (Number.isFinite(value)) continue;
    throw weights.refuse(`has numbers in ${[name, norm].filter(Boolean).join(' and ')} that are too large together`);
  }
}

const scaleOf = ({ weight, variance }: BatchNorm): Float64Array =>
  Float64Array.from(weight, (value, index) => value / Math.sqrt(variance[index]! + EPSILON));

/** The weights of a batch norm that stands before a ReLU, which nothing can take over. @returns the constants' names. */
export function batchNormConstants(writer: LayerWriter, name: string, channels: number): string[] {
  const { weight, bias, mean, variance } = takeBatchNorm(writer, name, channels);
  const constant = (part: string, values: Float32Array): string =>
    writer.graph.constant(`${name}.${part}`, [channels], values);
  return [
    constant('weight', weight),
    constant('bias', bias),
    constant('running_mean', mean),
    constant('running_var', variance),
  ];
}

/** The weights of a linear layer, in torch's order `[outputs, inputs]`. @returns the constants' names. */
export function linearConstants(writer: LayerWriter, name: string, inputs: number, outputs: number): string[] {
  const take = (part: string, shape: readonly number[]): string =>
    writer.graph.constant(`${name}.${part}`, shape, writer.weights.take(`${name}.${part}`, shape));
  return [take('weight', [outputs, inputs]), take('bias', [outputs])];
}

/** `y = x wᵀ + b` with the constants of `linearConstants`. */
export const linear = (graph: GraphBuilder, input: string, constants: readonly string[], output: string): string =>
  graph.node('Gemm', [input, ...constants], output, { transB: 1 });

/** Batch norm and ReLU, with the constants of `batchNormConstants`. */
export function activate(graph: GraphBuilder, input: string, constants: readonly string[], output: string): string {
  return graph.node('Relu', [graph.node('BatchNormalization', [input, ...constants], `${output}.norm`)], output);
}
