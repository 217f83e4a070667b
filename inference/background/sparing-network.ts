import {
  ATTRIBUTE,
  decodeModel,
  ELEMENT,
  encodeModel,
  type OnnxGraphMessage,
  type OnnxNodeMessage,
  type OnnxValueMessage,
  valueMessage,
} from '../onnx/onnx-messages.js';
import { columnsOfMaps } from './column-plan.js';
import { SINGLE_COLUMN } from './stretch.js';
import { findTrunk, type Trunk } from './trunk.js';

/** A network that can be given windows without most of their alike columns. */
export interface SparingNetwork {
  /** An `.onnx` file. */
  readonly bytes: Uint8Array;
  readonly trunks: readonly Trunk[];
}

/** The input that says how a boundary's map is split: columns before the repeated one, 1, columns behind it. */
export const splitInput = (trunk: Trunk, boundary: number): string => `${trunk.input}/${boundary}/split`;
/** The input that says how often the column is to be there, as a shape to expand it to: `[1, 1, 1, n]`. */
export const copiesInput = (trunk: Trunk, boundary: number): string => `${trunk.input}/${boundary}/copies`;

/** From this operator set on, `Split` takes its sizes as an input. */
const FIRST_OPERATOR_SET = 13;
/** Value of `TensorProto.DataLocation`. */
const EXTERNAL = 1;

/**
 * Rewrites a network so that each of its trunks takes windows of any number of columns, and repeats a column wherever one of
 * its segments begins and where it ends. All else, weights among it, stays as it is.
 *
 * @returns nothing where the network has no trunk, or is not as this needs it: it is then to be run as it is.
 */
export function sparingNetwork(file: Uint8Array): SparingNetwork | undefined {
  let model: ReturnType<typeof decodeModel>;
  try {
    model = decodeModel(file);
  } catch {
    // What is wrong with the file is for the runtime to say.
    return undefined;
  }
  const { graph } = model;
  const operatorSet = Number(model.opset_import.find(({ domain }) => !domain)?.version ?? 0);
  const hasOtherFiles = graph.initializer.some(({ data_location }) => data_location === EXTERNAL);
  if (operatorSet < FIRST_OPERATOR_SET || hasOtherFiles) return undefined;
  const trunks = graph.input.flatMap(({ name }) => findTrunk(graph, name) ?? []).filter(addsMapsOfOneSize);
  if (trunks.length === 0) return undefined;
  // Sizes that were true of whole windows only.
  graph.value_info = [];
  for (const trunk of trunks) openTrunk(graph, trunk);
  return { bytes: encodeModel(model), trunks };
}

/** Whether no map is broadcast to the size of another. */
function addsMapsOfOneSize({ columns, segments }: Trunk): boolean {
  let count = columns;
  return segments.every((segment) => {
    const maps = columnsOfMaps(segment, { count, stretch: SINGLE_COLUMN, stride: 1 });
    count = maps.get(segment.output)?.count ?? 0;
    return segment.operators.every(({ inputs: [first, second] }) => {
      const [a, b] = [first, second ?? first].map((name) => maps.get(name as string));
      return a?.count === b?.count && a?.stride === b?.stride;
    });
  });
}

function openTrunk(graph: OnnxGraphMessage, trunk: Trunk): void {
  const { input, channels, rows, segments } = trunk;
  const described = graph.input.findIndex(({ name }) => name === input);
  graph.input[described] = valueMessage(input, ELEMENT.float, [1, channels, rows, `${input}/columns`]);
  const weights = new Map(graph.initializer.map(({ name, dims }) => [name, dims]));
  const nodes = new Map(graph.node.map((node) => [node.output[0], node]));
  let [count, features] = [trunk.columns, channels];
  segments.forEach((segment, index) => {
    const maps = columnsOfMaps(segment, { count, stretch: SINGLE_COLUMN, stride: 1 });
    for (const { output } of segment.operators) {
      const node = nodes.get(output) as OnnxNodeMessage;
      if (node.op_type === 'Conv') features = Number(weights.get(node.input[1] as string)?.[0]);
      const map = maps.get(output) as { count: number; stride: number };
      count = map.count;
      // The runtime joins a sum to the convolution before it where it sees that both maps have one size.
      const size = `${input}/${index}/${map.stride}/${map.count}`;
      if (index > 0) graph.value_info.push(featureMap(output, features, size));
    }
    const repeated = repeatColumn(graph, trunk, index + 1, segment.output);
    graph.value_info.push(featureMap(repeated, features, `${input}/${index + 1}`));
    if (index === segments.length - 1) averageInBlocks(graph, repeated);
  });
}

const featureMap = (name: string, features: number, size: string): OnnxValueMessage =>
  valueMessage(name, ELEMENT.float, [1, features, `${size}/rows`, `${size}/columns`]);

/** Puts nodes behind a map that repeat one of its columns, and has them read in its place. @returns the new map's name. */
function repeatColumn(graph: OnnxGraphMessage, trunk: Trunk, boundary: number, map: string): string {
  const [split, copies] = [splitInput(trunk, boundary), copiesInput(trunk, boundary)];
  const name = (part: string): string => `${trunk.input}/${boundary}/${part}`;
  const repeated = name('map');
  for (const node of graph.node) node.input = node.input.map((read) => (read === map ? repeated : read));
  const columnAxis = [{ name: 'axis', type: ATTRIBUTE.int, i: 3 }];
  const parts = [name('before'), name('column'), name('behind')] as const;
  const nodes: OnnxNodeMessage[] = [
    { op_type: 'Split', input: [map, split], output: parts, attribute: columnAxis },
    { op_type: 'Expand', input: [parts[1], copies], output: [name('alike')], attribute: [] },
    { op_type: 'Concat', input: [parts[0], name('alike'), parts[2]], output: [repeated], attribute: columnAxis },
  ];
  const made = graph.node.findIndex(({ output }) => output[0] === map);
  graph.node.splice(made + 1, 0, ...nodes);
  graph.input.push(valueMessage(split, ELEMENT.int64, [3]), valueMessage(copies, ELEMENT.int64, [4]));
  return repeated;
}

/**
 * The runtime adds up a mean in another order if it comes right behind a convolution, in whose blocks of channels the map
 * then still lies. A pooling of single values changes none and brings it back into these blocks, so that the mean
 * has the same bits as without the repeated column.
 */
function averageInBlocks(graph: OnnxGraphMessage, map: string): void {
  const mean = graph.node.find(({ op_type, input }) => op_type === 'GlobalAveragePool' && input[0] === map);
  if (mean === undefined) return;
  const blocks = `${map}/blocks`;
  graph.node.splice(graph.node.indexOf(mean), 0, {
    op_type: 'MaxPool',
    input: [map],
    output: [blocks],
    attribute: [{ name: 'kernel_shape', type: ATTRIBUTE.ints, ints: [1, 1] }],
  });
  mean.input = [blocks];
}
