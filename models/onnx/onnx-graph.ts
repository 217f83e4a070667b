import { endianness } from 'node:os';
import { ModelProto } from '../../inference/onnx/onnx-schema.js';
import type { TensorDescription } from '../../pipeline/bundle.js';

/** Operator set 17 and format version 8 (ONNX 1.12): old enough for every runtime in use. */
const OPERATOR_SET = 17;
const FORMAT_VERSION = 8;
/** Values of `TensorProto.DataType`. */
const FLOAT = 1;
const INT64 = 7;

/** An attribute of a node: a number is an integer attribute, a list is integers. */
export type OnnxAttributes = Readonly<Record<string, number | readonly number[]>>;

export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: OnnxAttributes;
}
export interface OnnxConstant {
  readonly name: string;
  readonly shape: readonly number[];
  /** float32 weights, or int64 numbers such as a shape. */
  readonly values: Float32Array | BigInt64Array;
}

/** A network: nodes in an order in which each follows those it reads. */
export interface OnnxGraph {
  readonly name: string;
  readonly documentation: string;
  readonly inputs: readonly TensorDescription[];
  readonly outputs: readonly TensorDescription[];
  readonly constants: readonly OnnxConstant[];
  readonly nodes: readonly OnnxNode[];
}

/** Encodes a network as the bytes of an `.onnx` file. The same graph gives the same bytes. */
export function encodeOnnx(graph: OnnxGraph): Uint8Array {
  if (endianness() !== 'LE') throw new Error('ONNX weights are little-endian; this machine is not.');
  return ModelProto.encode(
    ModelProto.fromObject({
      ir_version: FORMAT_VERSION,
      producer_name: 'mammoflow',
      doc_string: graph.documentation,
      opset_import: [{ domain: '', version: OPERATOR_SET }],
      graph: {
        name: graph.name,
        input: graph.inputs.map(valueInfo),
        output: graph.outputs.map(valueInfo),
        initializer: graph.constants.map(({ name, shape, values }) => ({
          name,
          dims: [...shape],
          data_type: values instanceof Float32Array ? FLOAT : INT64,
          raw_data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
        })),
        node: graph.nodes.map(({ operator, inputs, output, attributes = {} }) => ({
          name: output,
          op_type: operator,
          input: [...inputs],
          output: [output],
          attribute: Object.entries(attributes).map(([name, value]) =>
            typeof value === 'number' ? { name, type: 'INT', i: value } : { name, type: 'INTS', ints: [...value] },
          ),
        })),
      },
    }),
  ).finish();
}

const valueInfo = ({ name, shape }: TensorDescription): object => ({
  name,
  type: {
    tensor_type: {
      elem_type: FLOAT,
      shape: { dim: shape.map((size) => (size === null ? { dim_param: 'n' } : { dim_value: size })) },
    },
  },
});
