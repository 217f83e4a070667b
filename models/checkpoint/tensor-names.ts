import type { TorchTensor } from './torch-pickle.js';

/**
 * What networks around a network put in front of its tensors' names: DataParallel and averaged models (`module`),
 * torch.compile (`_orig_mod`), and the attribute in which a trainer keeps it. None is a name of NYU's networks.
 */
const PREFIXES: ReadonlySet<string> = new Set(['module', '_orig_mod', 'model', 'net', 'network']);
/** How many averages were taken: `torch.optim.swa_utils.AveragedModel` keeps it beside the network. */
const AVERAGES = 'n_averaged';

/** Takes away what every tensor's name begins with, where networks put it there. */
export function withoutPrefix(weights: ReadonlyMap<string, TorchTensor>): {
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  readonly prefix: string;
} {
  let names = [...weights.keys()].filter((name) => name !== AVERAGES);
  let prefix = '';
  for (;;) {
    const first = names[0]?.split('.')[0] ?? '';
    if (!PREFIXES.has(first) || !names.every((name) => name.startsWith(`${first}.`))) break;
    prefix += `${first}.`;
    names = names.map((name) => name.slice(first.length + 1));
  }
  if (prefix === '') return { tensors: weights, prefix };
  return { tensors: new Map(names.map((name) => [name, weights.get(prefix + name)!])), prefix };
}
