import { PickleError } from '../../imaging/pickle-machine.js';
import { isTensor, type TorchTensor, type TorchValue } from './torch-pickle.js';

/** Weights by name, with the key that they lay under where something else lay beside them or it is not NYU's. */
export interface Unwrapped {
  readonly weights: ReadonlyMap<string, TorchTensor>;
  readonly wrapper?: string;
  readonly beside?: readonly string[];
}

/** The key that NYU's classifiers lie under (PIPELINE.md 6). */
const OWN_WRAPPER = 'model';
/** Keys that trainers save weights under, the most usual first: torch's tutorials, Lightning, timm, MONAI. */
const WRAPPERS = [OWN_WRAPPER, 'state_dict', 'model_state_dict', 'model_state', 'net', 'network', 'weights', 'params'];

const ALONE = 'Save the weights alone, with torch.save(model.state_dict(), file).';

/**
 * Finds the weights in what `torch.save` saved: a state dictionary by itself, or one beside an optimizer, an epoch and the
 * like. Where several lie there, that under the most usual key is meant (an average of the weights has another).
 * @throws PickleError when there is none, or none that can be told from the others.
 */
export function unwrapped(value: TorchValue): Unwrapped {
  if (!(value instanceof Map)) throw new PickleError('holds no state dictionary', { next: ALONE });
  const bare = weightsIn(value);
  if (bare !== undefined) return { weights: bare };
  const found = new Map<string, ReadonlyMap<string, TorchTensor>>();
  for (const [name, entry] of value) {
    const weights = typeof name === 'string' && entry instanceof Map && entry.size > 0 ? weightsIn(entry) : undefined;
    if (weights !== undefined) found.set(name as string, weights);
  }
  const wrapper = WRAPPERS.find((name) => found.has(name)) ?? (found.size === 1 ? [...found.keys()][0] : undefined);
  if (wrapper !== undefined) {
    const weights = found.get(wrapper) as ReadonlyMap<string, TorchTensor>;
    const beside = [...value.keys()].filter((name) => name !== wrapper).map(String);
    return wrapper === OWN_WRAPPER && beside.length === 0 ? { weights } : { weights, wrapper, beside };
  }
  if (found.size > 1) {
    const names = [...found.keys()];
    throw new PickleError(
      `holds several state dictionaries (${names.join(', ')}), and which is meant cannot be known`,
      { next: `Save one alone, with torch.save(torch.load(file)[${JSON.stringify(names[0])}], other).` },
    );
  }
  throw noTensor(value);
}

function weightsIn(value: ReadonlyMap<TorchValue, TorchValue>): ReadonlyMap<string, TorchTensor> | undefined {
  for (const [name, tensor] of value) if (typeof name !== 'string' || !isTensor(tensor)) return undefined;
  return value as ReadonlyMap<string, TorchTensor>;
}

/** The error that names the innermost thing that is no tensor. */
function noTensor(value: ReadonlyMap<TorchValue, TorchValue>): PickleError {
  for (const [name, entry] of value) {
    if (typeof name !== 'string') return new PickleError('holds a tensor whose name is no text', { next: ALONE });
    if (WRAPPERS.includes(name) && entry instanceof Map && entry.size > 0) return noTensor(entry);
    if (!isTensor(entry)) return new PickleError(`holds ${name}, which is no tensor`, { next: ALONE });
  }
  return new PickleError('holds no state dictionary', { next: ALONE });
}
