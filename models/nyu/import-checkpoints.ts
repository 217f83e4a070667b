import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
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
import { readStateDictionary, type StateDictionary } from '../checkpoint/state-dictionary.js';
import { checkedWeights } from '../checkpoint/weights.js';
import { encodeOnnx, type OnnxGraph } from '../onnx/onnx-graph.js';
import { CHECKPOINT_FILES } from './checkpoint-files.js';
import { classifierNetwork } from './classifier-network.js';
import { patchNetwork } from './patch-network.js';

export const IMPORTED_NOTICE =
  'Imported from checkpoints in the format of the NYU breast cancer classifier. Research use only. Not for diagnosis.';

/** Endings with which NYU's names are found, too; NYU's own goes first. */
const OTHER_ENDINGS = ['.p', '.pt', '.pth', '.ckpt', '.safetensors'];

/** A checkpoint has 28 MB, and one with an optimizer three times that; what is far larger is another file. */
const LARGEST_CHECKPOINT_BYTES = 512 * 1024 * 1024;

export interface CheckpointImport {
  /** The folder with the three checkpoints. */
  readonly folder: string;
  /** Other names or paths than `CHECKPOINT_FILES` (or those names with another usual ending), relative to the folder. */
  readonly files?: Readonly<Partial<Record<ModelRole, string>>>;
  /** The bundle's name. */
  readonly name: string;
  /** The folder to write the bundle into, which is made. */
  readonly target: string;
  /** Told before each checkpoint is read. */
  readonly onProgress?: (file: string) => void;
}

/**
 * Converts three checkpoints of NYU's networks into a bundle: `patch.onnx`, `image.onnx`, `imageheatmaps.onnx` and
 * `model.json`, which says in `sources` how the weights lay in them. No Python is needed and no pickle is run. The same
 * checkpoints give the same bytes.
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
    const dictionary = readStateDictionary(checkpoint, file);
    const network = encodeOnnx(networkOf(role, dictionary));
    const path = `${role}.onnx`;
    await writeFile(join(target, path), network);
    files[role] = { path, sha256: sha256(network) };
    const { wrapper, beside, prefix } = dictionary.origin;
    sources.push({
      role,
      file,
      sha256: sha256(checkpoint),
      ...(wrapper === undefined ? {} : { wrapper, beside: [...(beside ?? [])] }),
      ...(prefix === undefined ? {} : { prefix }),
    });
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

/** One sentence on how the weights lay in a checkpoint. Undefined where they lay as in NYU's. */
export function sourceRemark({ file, wrapper, beside = [], prefix }: Source): string | undefined {
  const parts = [
    ...(wrapper === undefined ? [] : [`under the key "${wrapper}"${besideText(beside)}`]),
    ...(prefix === undefined ? [] : [`with "${prefix}" in front of every tensor's name, which was taken away`]),
  ];
  return parts.length === 0 ? undefined : `The weights in ${file} lay ${parts.join(', ')}.`;
}

type Source = NonNullable<Bundle['sources']>[number];

/** Keys that are named; a trainer may keep any number. */
const NAMED = 5;
const besideText = (beside: readonly string[]): string =>
  beside.length === 0
    ? ''
    : ` beside ${beside.slice(0, NAMED).join(', ')}${beside.length > NAMED ? ` and ${beside.length - NAMED} more` : ''}`;

/** @throws MammoflowError `invalid-checkpoint` as `importCheckpoints` does. */
function networkOf(role: ModelRole, dictionary: StateDictionary): OnnxGraph {
  const weights = checkedWeights(
    dictionary,
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
  const there = new Set(await readdir(folder));
  const nameOf = (role: ModelRole): string =>
    OTHER_ENDINGS.map((ending) => CHECKPOINT_FILES[role].replace(/\.p$/, ending)).find((name) => there.has(name)) ??
    CHECKPOINT_FILES[role];
  const paths = Object.fromEntries(
    MODEL_ROLES.map((role) => [role, resolve(folder, files[role] ?? nameOf(role))]),
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
