import protobuf from 'protobufjs';
import { ONNX_DESCRIPTOR } from './onnx-descriptor.js';

/** `onnx.ModelProto`, the root message of an `.onnx` file. */
export const ModelProto: protobuf.Type = protobuf.Root.fromJSON(ONNX_DESCRIPTOR).lookupType('onnx.ModelProto');
