import type { OnnxConstant, OnnxNode } from './onnx-graph.js';

/** Collects a graph's nodes and weights; names are unique because callers give each layer its own. */
export interface GraphBuilder {
  readonly nodes: OnnxNode[];
  readonly constants: OnnxConstant[];
  /** Adds a node and returns the name of its output. */
  node(operator: string, inputs: readonly string[], output: string, attributes?: OnnxNode['attributes']): string;
  /** Adds numbers and returns their name. */
  constant(name: string, shape: readonly number[], values: OnnxConstant['values']): string;
}

export function graphBuilder(): GraphBuilder {
  const nodes: OnnxNode[] = [];
  const constants: OnnxConstant[] = [];
  return {
    nodes,
    constants,
    node(operator, inputs, output, attributes) {
      nodes.push({ operator, inputs, output, ...(attributes && { attributes }) });
      return output;
    },
    constant(name, shape, values) {
      constants.push({ name, shape, values });
      return name;
    },
  };
}
