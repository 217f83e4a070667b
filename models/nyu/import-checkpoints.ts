import { createHash } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { interfaceOf } from '../../inference/network-interface.js';
import {
  type Bundle,
  bundleSchema,
  MODEL_CARD_FILE,
  MODEL_ROLES,
  type ModelRole,
  PATCH_CLASSES,
} from '../../pipeline/bundle.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { LABELS } from '../../pipeline/predictions.js';
import { readStateDictionary } from '../checkpoint/state-dictionary.js';
import { checkedWeights } from '../checkpoint/weights.js';
import { encodeOnnx, type OnnxGraph } from '../onnx/onnx-graph.js';
import { CHECKPOINT_FILES } from './checkpoint-files.js';
import { classifierNetwork } from './classifier-network.js';
import { patchNetwork } from './patch-network.js';

export const IMPORTED_NOTICE =
  'Imported from checkpoints in the format of the NYU breast cancer classifier. Research use only. Not for diagnosis.';

/** A checkpoint has 28 MB; what is far larger is another file. */
const LARGEST_CHECKPOINT_BYTES = 512 * 1024 * 1024;

export interface CheckpointImport {
  /** The folder with the three checkpoints. */
  readonly folder: string;
  /** Other names or paths than `CHECKPOINT_FILES`, relative to the folder. */
  readonly files?: Readonly<Partial<Record<ModelRole, string>>>;
  /** The bundle's name. */
  readonly name: string;
  /** The folder to write the bundle into, which is made. */
  readonly target: string;
  /** Told before each checkpoint is read. */
  readonly onProgress?: (file: string) => void;
}

/**
 * Converts NYU's three checkpoints into a bundle: `patch.onnx`, `image.onnx`, `imageheatmaps.onnx` and `model.json`. No
 * Python is needed and no pickle is run. The same checkpoints give the same bytes.
 *
 * @throws MammoflowError `not-found` when a checkpoint is missing, and `invalid-checkpoint` with one sentence that names
 *   the tensor or the pickle instruction when one is not the network that it should be.
 */
export async function importCheckpoints(request: CheckpointImport): Promise<Bundle> {
  const { name, target, onProgress } = request;
  const paths = await findCheckpoints(request);
  await mkdir(target, { recursive: true });
  const files: Partial<Record<ModelRole, { path: string; sha256: string }>> = {};
  const sources: Bundle['sources'] = [];
  // One after another, so that no more than one checkpoint is in memory.
  for (const role of MODEL_ROLES) {
    const file = basename(paths[role]);
    onProgress?.(file);
    const checkpoint = await readFile(paths[role]);
    const network = encodeOnnx(networkOf(role, checkpoint, file));
    const path = `${role}.onnx`;
    await writeFile(join(target, path), network);
    files[role] = { path, sha256: sha256(network) };
    sources.push({ role, file, sha256: sha256(checkpoint) });
  }
  const { patch, image, imageheatmaps } = files as Record<ModelRole, { path: string; sha256: string }>;
  const bundle = bundleSchema.parse({
    schemaVersion: 1,
    name,
    description:
      'Networks of the NYU breast cancer classifier (Wu et al., 2019), converted from PyTorch checkpoints. Whether the ' +
      'weights are those that NYU trained is known to whoever has the files: their SHA-256 are below.',
    licence:
      'NYU published its weights under AGPL-3.0 (github.com/nyukat/breast_cancer_classifier); they are not part of ' +
      'mammoflow, whoever imports them brings them. For other weights, ask whoever made them.',
    intendedUse: 'Research only. Not a medical device; never for the diagnosis or care of a patient.',
    notice: IMPORTED_NOTICE,
    files: {
      patch: {
        ...patch,
        ...interfaceOf('patch', 1),
        preprocessing: { standardise: 'whole-image', channels: 1 },
        classes: [...PATCH_CLASSES],
      },
      image: {
        ...image,
        ...interfaceOf('image', 1),
        preprocessing: { standardise: 'window', channels: ['image'] },
        labels: [...LABELS],
      },
      imageheatmaps: {
        ...imageheatmaps,
        ...interfaceOf('imageheatmaps', 3),
        preprocessing: { standardise: 'window', channels: ['image', 'benign', 'malignant'] },
        labels: [...LABELS],
      },
    },
    sources,
  });
  await writeFile(join(target, MODEL_CARD_FILE), `${JSON.stringify(bundle, null, 2)}\n`);
  return bundle;
}

/** @throws MammoflowError `invalid-checkpoint` as `importCheckpoints` does. */
function networkOf(role: ModelRole, checkpoint: Uint8Array, file: string): OnnxGraph {
  const weights = checkedWeights(
    readStateDictionary(checkpoint, file),
    `The ${role} network is imported from ${CHECKPOINT_FILES[role]} as NYU publishes it: give that file, or name another with --${role}.`,
  );
  const graph = role === 'patch' ? patchNetwork(weights) : classifierNetwork(role, weights);
  weights.finish();
  return graph;
}

async function findCheckpoints({ folder, files = {} }: CheckpointImport): Promise<Record<ModelRole, string>> {
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) {
    throw new MammoflowError('not-found', `${folder} is no folder.`, 'Give the folder with the checkpoints.');
  }
  const paths = Object.fromEntries(
    MODEL_ROLES.map((role) => [role, resolve(folder, files[role] ?? CHECKPOINT_FILES[role])]),
  ) as Record<ModelRole, string>;
  const missing: ModelRole[] = [];
  for (const role of MODEL_ROLES) {
    const file = await stat(paths[role]).catch(() => undefined);
    if (!file?.isFile()) missing.push(role);
    else if (file.size > LARGEST_CHECKPOINT_BYTES) {
      throw new MammoflowError(
        'invalid-checkpoint',
        `${basename(paths[role])} has ${(file.size / 1e6).toFixed(0)} MB, and the ${role} checkpoint has under 30.`,
        `Name the checkpoint with --${role}.`,
      );
    }
  }
  if (missing.length === 0) return paths;
  throw new MammoflowError(
    'not-found',
    `${folder} has no ${missing.map((role) => basename(paths[role])).join(' and no ')}.`,
    `Copy it there, or name another file with ${missing.map((role) => `--${role} <file>`).join(' and ')}.`,
  );
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
