import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MersenneTwister, uniform } from '../../imaging/mersenne-twister.js';
import type { Weights } from '../../models/checkpoint/weights.js';
import { CHECKPOINT_FILES } from '../../models/nyu/checkpoint-files.js';
import { classifierNetwork } from '../../models/nyu/classifier-network.js';
import { patchNetwork } from '../../models/nyu/patch-network.js';
import { MODEL_ROLES, type ModelRole } from '../../pipeline/bundle.js';
import { COUNTER, floats, legacyTorchFile, type Storage, type Tensors, tensorOf } from './torch-files.js';

export interface AskedTensors {
  /** Shape by name of the tensors that a network asks for. */
  readonly needed: ReadonlyMap<string, readonly number[]>;
  readonly optional: ReadonlySet<string>;
  /** Further names of the same tensors: prefix to prefix. */
  readonly aliases: ReadonlyMap<string, string>;
}

/** What a network asks its checkpoint for. */
export function askedTensors(role: ModelRole): AskedTensors {
  const needed = new Map<string, readonly number[]>();
  const optional = new Set<string>();
  const aliases = new Map<string, string>();
  const weights: Weights = {
    take(name, shape) {
      needed.set(name, shape);
      return new Float32Array(shape.reduce((product, size) => product * size, 1));
    },
    ignore: (name) => void optional.add(name),
    sameAs: (alias, name) => void aliases.set(alias, name),
    refuse: (problem) => new Error(problem),
  };
  if (role === 'patch') patchNetwork(weights);
  else classifierNetwork(role, weights);
  return { needed, optional, aliases };
}

const LARGEST_TENSOR = 256 * 256 * 9;

const blocks = new Map<string, Storage>();

/** Random numbers, drawn once. */
function block(seed: number, least: number, most: number): Storage {
  const key = [seed, least, most].join();
  const random = MersenneTwister.numpy(seed);
  const made =
    blocks.get(key) ?? floats(Float32Array.from({ length: LARGEST_TENSOR }, () => uniform(random, least, most)));
  blocks.set(key, made);
  return made;
}

/**
 * A checkpoint's tensors with every name and shape of NYU's. The numbers are random; to keep files small, all tensors
 * look into the same two blocks, one of them positive for variances.
 */
export function checkpointTensors(role: ModelRole, seed = 1): Tensors {
  const weights = block(seed, -0.05, 0.05);
  const variances = block(seed + 1000, 0.5, 1.5);
  const { needed, optional, aliases } = askedTensors(role);
  const tensors: Record<string, Tensors[string]> = {};
  for (const [name, shape] of needed) {
    tensors[name] = tensorOf(name.endsWith('.running_var') ? variances : weights, shape);
  }
  for (const name of optional) tensors[name] = COUNTER;
  for (const [alias, name] of aliases) {
    for (const [original, tensor] of Object.entries(tensors)) {
      if (original.startsWith(`${name}.`)) tensors[alias + original.slice(name.length)] = tensor;
    }
  }
  return tensors;
}

/** Writes three checkpoints as NYU publishes them. @param changed bytes in place of some. */
export async function writeCheckpoints(
  folder: string,
  changed: Partial<Record<ModelRole, Uint8Array>> = {},
): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const role of MODEL_ROLES) {
    const bytes = changed[role] ?? legacyTorchFile(checkpointTensors(role), role === 'patch' ? {} : { under: 'model' });
    await writeFile(join(folder, CHECKPOINT_FILES[role]), bytes);
  }
}
