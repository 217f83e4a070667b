import { ModelProto } from './onnx-schema.js';

/* The parts of `onnx.proto3` that are read and written here, as protobufjs gives them. */

/** An int64: protobufjs gives an object that converts to a number. */
type Integer = number | { toString(): string };

export interface OnnxAttributeMessage {
  readonly name: string;
  readonly type?: number;
  readonly i?: Integer;
  readonly s?: Uint8Array;
  readonly ints?: readonly Integer[];
}
export interface OnnxNodeMessage {
  readonly name?: string;
  readonly op_type: string;
  readonly domain?: string;
  input: string[];
  readonly output: readonly string[];
  readonly attribute: readonly OnnxAttributeMessage[];
}
interface Dimension {
  readonly dim_value?: Integer | null;
  readonly dim_param?: string;
}
export interface OnnxValueMessage {
  readonly name: string;
  readonly type?: {
    readonly tensor_type?: { readonly elem_type: number; readonly shape?: { dim: Dimension[] } };
  };
}
export interface OnnxGraphMessage {
  node: OnnxNodeMessage[];
  input: OnnxValueMessage[];
  readonly output: readonly OnnxValueMessage[];
  value_info: OnnxValueMessage[];
  readonly initializer: readonly {
    readonly name: string;
    readonly dims: readonly Integer[];
    readonly data_location?: number;
  }[];
}
export interface OnnxModelMessage {
  readonly graph: OnnxGraphMessage;
  readonly opset_import: readonly { readonly domain?: string; readonly version: Integer }[];
}

/** Values of `TensorProto.DataType` and `AttributeProto.AttributeType`. */
export const ELEMENT = { float: 1, int64: 7 } as const;
export const ATTRIBUTE = { int: 2, ints: 7 } as const;

/** Reads the bytes of an `.onnx` file. Weights are views of `bytes`. Throws an `Error` where it is no such file. */
export const decodeModel = (bytes: Uint8Array): OnnxModelMessage =>
  ModelProto.decode(bytes) as unknown as OnnxModelMessage;

export const encodeModel = (model: OnnxModelMessage): Uint8Array =>
  ModelProto.encode(model as unknown as Record<string, unknown>).finish();

/** A node's attribute that is a list of integers. */
export const integersOf = (node: OnnxNodeMessage, name: string): number[] | undefined =>
  node.attribute.find((attribute) => attribute.name === name)?.ints?.map(Number);

/** Shape of a tensor in a graph: numbers, and names for sizes that are known only when it runs. */
export const valueMessage = (
  name: string,
  element: (typeof ELEMENT)[keyof typeof ELEMENT],
  shape: readonly (number | string)[],
): OnnxValueMessage => ({
  name,
  type: {
    tensor_type: {
      elem_type: element,
      shape: { dim: shape.map((size) => (typeof size === 'number' ? { dim_value: size } : { dim_param: size })) },
    },
  },
});
