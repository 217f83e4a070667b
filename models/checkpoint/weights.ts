import { floatsOf, refusal, type StateDictionary } from './state-dictionary.js';

/**
 * Where a network's weights come from while its graph is written. Every tensor that the architecture has is asked for
 * once, so that asking for them all is the check of keys and shapes.
 */
export interface Weights {
  /** The tensor's numbers, row-major. @throws MammoflowError `invalid-checkpoint` when it is not as the network needs it. */
  take(name: string, shape: readonly number[]): Float32Array;
  /** A tensor that may be there and is not needed, whatever it holds. */
  ignore(name: string): void;
  /**
   * Everything below `alias` repeats what is below `name`, or is not there at all.
   * @throws MammoflowError `invalid-checkpoint` when only a part is there, or when the numbers differ.
   */
  sameAs(alias: string, name: string): void;
  /** The error to throw when weights do not make sense together; `problem` is worded to follow the file's name. */
  refuse(problem: string): Error;
}

/**
 * The weights of a checkpoint.
 * @param next what to do about a tensor that does not fit.
 */
export function checkedWeights(
  dictionary: StateDictionary,
  next: string,
): Weights & {
  /** @throws MammoflowError `invalid-checkpoint` when the checkpoint has tensors that were not asked for. */
  finish(): void;
} {
  const { file, tensors } = dictionary;
  const left = new Set(tensors.keys());
  const refuse = (problem: string): Error => refusal(file, problem, next);
  const below = (prefix: string): string[] => [...tensors.keys()].filter((name) => name.startsWith(prefix));

  return {
    refuse,
    take(name, shape) {
      const tensor = tensors.get(name);
      if (tensor === undefined) throw refuse(`lacks the tensor ${name}`);
      left.delete(name);
      if (tensor.shape.length !== shape.length || shape.some((size, axis) => size !== tensor.shape[axis])) {
        throw refuse(`has ${name} with the shape [${tensor.shape.join(', ')}], but [${shape.join(', ')}] is needed`);
      }
      const values = floatsOf(dictionary, name);
      for (const value of values) {
        if (!Number.isFinite(value)) throw refuse(`has ${value} in ${name}, and weights must be finite`);
      }
      return values;
    },
    ignore(name) {
      left.delete(name);
    },
    sameAs(alias, name) {
      const repeated = below(`${alias}.`);
      if (repeated.length === 0) return;
      for (const original of below(`${name}.`)) {
        const other = alias + original.slice(name.length);
        if (left.delete(other)) requireSame(dictionary, other, original, refuse);
        else if (!original.endsWith(OPTIONAL)) throw refuse(`lacks the tensor ${other}`);
      }
    },
    finish() {
      const names = [...left].sort();
      if (names.length === 0) return;
      const more = names.length === 1 ? '' : ` and ${names.length - 1} more`;
      throw refuse(`has the tensor ${names[0]}${more}, which this network does not have`);
    },
  };
}

/** How often a batch norm was updated: newer versions of torch keep it, and it has no effect on results. */
export const OPTIONAL = '.num_batches_tracked';

function requireSame(
  dictionary: StateDictionary,
  alias: string,
  name: string,
  refuse: (problem: string) => Error,
): void {
  if (alias.endsWith(OPTIONAL)) return;
  const [a, b] = [dictionary.tensors.get(alias)!, dictionary.tensors.get(name)!];
  const sameShape = a.shape.join() === b.shape.join();
  if (sameShape && a.storage.key === b.storage.key && a.storage.first === b.storage.first && a.offset === b.offset) {
    if (a.strides.join() === b.strides.join()) return;
  }
  const [left, right] = sameShape ? [floatsOf(dictionary, alias), floatsOf(dictionary, name)] : [[], [0]];
  if (left.length === right.length && left.every((value, index) => Object.is(value, right[index]))) return;
  throw refuse(`has other numbers in ${alias} than in ${name}, although both views use one network`);
}
