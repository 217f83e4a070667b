import type { OnnxGraphMessage, OnnxNodeMessage } from '../onnx/onnx-messages.js';
import { integersOf } from '../onnx/onnx-messages.js';
import type { Sweep } from './stretch.js';

/** An operator of a trunk: what it reads of the trunk, and how it moves over columns if it reads neighbours. */
export interface TrunkOperator {
  readonly inputs: readonly string[];
  readonly output: string;
  readonly sweep?: Sweep;
}

/** A part of a trunk between two maps through which everything passes. */
export interface TrunkSegment {
  readonly input: string;
  readonly output: string;
  readonly operators: readonly TrunkOperator[];
}

/** The part of a network, from one input on, that treats every place of a map alike. */
export interface Trunk {
  readonly input: string;
  readonly channels: number;
  readonly rows: number;
  readonly columns: number;
  readonly segments: readonly TrunkSegment[];
}

/**
 * Finds the trunk that begins at a graph's input of fixed size: convolutions, poolings, and what works on each value by
 * itself, up to the last map through which everything passes. It is cut into segments where a map is read by convolutions
 * and by nothing else: in a ResNet with activations first, at the beginning of each layer.
 *
 * @returns nothing where the input's size is open or the trunk is one segment, which is not worth the trouble.
 */
export function findTrunk(graph: OnnxGraphMessage, input: string): Trunk | undefined {
  const sizes = graph.input
    .find(({ name }) => name === input)
    ?.type?.tensor_type?.shape?.dim?.map(({ dim_value }) => Number(dim_value ?? 0));
  const [batch, channels, rows, columns] = sizes ?? [];
  if (sizes?.length !== 4 || batch !== 1 || !channels || !rows || !columns) return undefined;

  const constants = new Set(graph.initializer.map(({ name }) => name));
  const readers = readersOf(graph);
  /** For each map of the trunk that is still to be read, how often. */
  const unread = new Map([[input, readers.get(input)?.length ?? 0]]);
  const known = new Set([input]);
  const boundaries = new Set<string>();
  let operators: TrunkOperator[] = [];
  let end = 0;
  for (const node of graph.node) {
    const operator = trunkOperator(node, known, constants);
    if (operator === undefined) continue;
    operators.push(operator);
    known.add(operator.output);
    for (const read of operator.inputs) {
      const left = (unread.get(read) as number) - 1;
      if (left === 0) unread.delete(read);
      else unread.set(read, left);
    }
    const readBy = readers.get(operator.output) ?? [];
    unread.set(operator.output, readBy.length);
    if (unread.size > 1) continue;
    end = operators.length;
    if (readBy.every((reader) => reader !== OUTSIDE && reader.op_type === 'Conv')) boundaries.add(operator.output);
  }
  operators = operators.slice(0, end);
  const segments = segmentsOf(input, operators, boundaries);
  return segments.length < 2 ? undefined : { input, channels, rows, columns, segments };
}

/** What reads a graph's output. */
const OUTSIDE = Symbol('outside');

/** Which nodes read each tensor, once for each time they read it. */
function readersOf(graph: OnnxGraphMessage): Map<string, (OnnxNodeMessage | typeof OUTSIDE)[]> {
  const readers = new Map<string, (OnnxNodeMessage | typeof OUTSIDE)[]>();
  const add = (name: string, reader: OnnxNodeMessage | typeof OUTSIDE): void => {
    const known = readers.get(name);
    if (known === undefined) readers.set(name, [reader]);
    else known.push(reader);
  };
  for (const node of graph.node) for (const name of node.input) add(name, node);
  for (const { name } of graph.output) add(name, OUTSIDE);
  return readers;
}

/** Operators that work on each value by itself, with constants at most. */
const VALUE_BY_VALUE = ['Relu', 'BatchNormalization', 'Identity'];

/** A node as an operator of the trunk; nothing where it reads none of the trunk, or is of another kind. */
function trunkOperator(
  node: OnnxNodeMessage,
  known: ReadonlySet<string>,
  constants: ReadonlySet<string>,
): TrunkOperator | undefined {
  const inputs = node.input.filter((name) => known.has(name));
  const [output] = node.output;
  if (inputs.length === 0 || output === undefined || node.output.length > 1) return undefined;
  if (node.op_type === 'Add') return inputs.length === 2 ? { inputs, output } : undefined;
  const othersAreConstant = node.input.slice(1).every((name) => constants.has(name));
  if (inputs.length !== 1 || node.input[0] !== inputs[0] || !othersAreConstant) return undefined;
  if (VALUE_BY_VALUE.includes(node.op_type)) return { inputs, output };
  const sweep = sweepOf(node);
  return sweep && { inputs, output, sweep };
}

/** How a convolution or a max pooling moves over columns; nothing where its padding depends on the size of the map. */
function sweepOf(node: OnnxNodeMessage): Sweep | undefined {
  const isSweep = node.op_type === 'Conv' || node.op_type === 'MaxPool';
  const sizeDependent = node.attribute.some(
    ({ name, s, i }) =>
      (name === 'auto_pad' && Buffer.from(s ?? []).toString() !== 'NOTSET') ||
      (name === 'ceil_mode' && Number(i) !== 0),
  );
  const kernel = integersOf(node, 'kernel_shape')?.[1];
  if (!isSweep || sizeDependent || kernel === undefined) return undefined;
  const [, stride = 1] = integersOf(node, 'strides') ?? [];
  const [, dilation = 1] = integersOf(node, 'dilations') ?? [];
  const [, before = 0, , behind = 0] = integersOf(node, 'pads') ?? [];
  return { reach: (kernel - 1) * dilation + 1, stride, before, behind };
}

function segmentsOf(
  input: string,
  operators: readonly TrunkOperator[],
  boundaries: ReadonlySet<string>,
): TrunkSegment[] {
  const segments: TrunkSegment[] = [];
  let begin = input;
  let collected: TrunkOperator[] = [];
  operators.forEach((operator, index) => {
    collected.push(operator);
    if (!boundaries.has(operator.output) && index < operators.length - 1) return;
    segments.push({ input: begin, output: operator.output, operators: collected });
    begin = operator.output;
    collected = [];
  });
  return segments;
}
