import { type ModelRole, PATCH_SIZE, type TensorDescription, WINDOW_SIZE } from '../pipeline/bundle.js';
import { VIEWS, type View, viewPositionOf } from '../pipeline/exam.js';

/** What a network takes and gives, by name. */
export interface NetworkInterface {
  readonly inputs: readonly TensorDescription[];
  readonly outputs: readonly TensorDescription[];
}

export const PATCH_INPUT = 'x';
export const PATCH_OUTPUT = 'logits';
/** The name of a view's input to a classifier: `l_cc` for `L_CC`. */
export const classifierInput = (view: View): string => view.toLowerCase();
export const CLASSIFIER_OUTPUTS = ['cc', 'mlo'] as const;

/**
 * The interface that a network in a role must have; a batch of `null` is left open. The patch network gives logits
 * over `PATCH_CLASSES`; a classifier gives, for the heads over CC and over MLO, log-probabilities of four labels by
 * negative and positive (PIPELINE.md 4.3 and 5.5).
 */
export function interfaceOf(role: ModelRole, channels: number): NetworkInterface {
  if (role === 'patch') {
    return {
      inputs: [{ name: PATCH_INPUT, shape: [null, channels, PATCH_SIZE, PATCH_SIZE] }],
      outputs: [{ name: PATCH_OUTPUT, shape: [null, 4] }],
    };
  }
  return {
    inputs: VIEWS.map((view) => ({
      name: classifierInput(view),
      shape: [1, channels, ...WINDOW_SIZE[viewPositionOf(view)]],
    })),
    outputs: CLASSIFIER_OUTPUTS.map((name) => ({ name, shape: [1, 4, 2] })),
  };
}

const textOf = ({ name, shape }: TensorDescription): string =>
  `${name} [${shape.map((size) => size ?? 'n').join(', ')}]`;
const tensorsText = (tensors: readonly TensorDescription[]): string => tensors.map(textOf).join(', ');
/** In words, e.g. `x [n, 3, 256, 256] -> logits [n, 4]`. */
export const interfaceText = ({ inputs, outputs }: NetworkInterface): string =>
  `${tensorsText(inputs)} -> ${tensorsText(outputs)}`;

/**
 * Whether a network can stand in for `expected`: the same tensors by name in any order, each of the same shape. An
 * open dimension fits a fixed one, not the other way round.
 */
export function fitsInterface(network: NetworkInterface, expected: NetworkInterface): boolean {
  return fits(network.inputs, expected.inputs) && fits(network.outputs, expected.outputs);
}

function fits(actual: readonly TensorDescription[], expected: readonly TensorDescription[]): boolean {
  return (
    actual.length === expected.length &&
    expected.every(({ name, shape }) => {
      const found = actual.find((tensor) => tensor.name === name);
      return (
        found !== undefined &&
        found.shape.length === shape.length &&
        found.shape.every((size, axis) => size === null || size === shape[axis])
      );
    })
  );
}
