import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  type Bundle,
  bundleSchema,
  MODEL_CARD_FILE,
  MODEL_ROLES,
  type ModelRole,
  type TensorDescription,
} from '../pipeline/bundle.js';
import { MammoflowError } from '../pipeline/errors.js';
import { createNetworkInspector, type InspectedNetwork, type NetworkInspector } from './inspect-networks.js';
import { fitsInterface, interfaceOf, interfaceText } from './network-interface.js';

/** A bundle on local disk. */
export interface LocalBundle {
  readonly folder: string;
  readonly bundle: Bundle;
  /** Absolute path of each role's network. */
  readonly paths: Readonly<Record<ModelRole, string>>;
}

const invalid = (message: string, next: string, cause?: unknown): MammoflowError =>
  new MammoflowError('invalid-bundle', message, next, { cause });

/** SHA-256 of a file as lower-case hex; reads it as a stream. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** How many values a pixel has in a role's input. */
export const channelsOf = (bundle: Bundle, role: ModelRole): number =>
  role === 'patch' ? bundle.files.patch.preprocessing.channels : bundle.files[role].preprocessing.channels.length;

/**
 * Reads a bundle folder: `model.json` fits its schema and every file that it names is there. Opens no network.
 * @throws MammoflowError `invalid-bundle` with one sentence that names the file.
 */
export async function readBundle(folder: string): Promise<LocalBundle> {
  let text: string;
  try {
    text = await readFile(join(folder, MODEL_CARD_FILE), 'utf8');
  } catch (cause) {
    throw invalid(
      `${folder} has no ${MODEL_CARD_FILE}.`,
      'Give the folder of a bundle, or import a folder of NYU checkpoints with `mammoflow models import nyu <folder>`.',
      cause,
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw invalid(
      `${MODEL_CARD_FILE} is not JSON: ${(cause as Error).message}.`,
      'Correct it and put it again.',
      cause,
    );
  }
  const parsed = bundleSchema.safeParse(json);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the document'}: ${issue.message}`);
    throw invalid(`${MODEL_CARD_FILE} is not valid (${issues.join('; ')}).`, 'Correct it and put it again.');
  }
  const bundle = parsed.data;
  const paths = Object.fromEntries(MODEL_ROLES.map((role) => [role, join(folder, bundle.files[role].path)]));
  for (const role of MODEL_ROLES) {
    const found = await stat(paths[role] as string).catch(() => undefined);
    if (!found?.isFile()) {
      throw invalid(
        `${bundle.files[role].path}, the ${role} network of bundle ${bundle.name}, is missing.`,
        `Put the file into ${folder}, or correct ${MODEL_CARD_FILE}.`,
      );
    }
  }
  return { folder, bundle, paths: paths as Record<ModelRole, string> };
}

/**
 * Checks everything that can be checked before a bundle is used: as `readBundle`, and every file has the SHA-256 that
 * `model.json` gives, loads in the runtime, and takes and gives what `model.json` says and its role asks for; the
 * patch network gives finite numbers for two patches, and a classifier log-probabilities for windows of full size, which
 * takes a second with small networks and several with NYU's. Files are opened in a child process.
 * @throws MammoflowError `invalid-bundle` with one sentence that names the file and what to do.
 */
export async function checkBundle(folder: string): Promise<LocalBundle> {
  const local = await readBundle(folder);
  const { bundle, paths } = local;
  for (const role of MODEL_ROLES) {
    const file = bundle.files[role];
    const actual = await sha256OfFile(paths[role]);
    if (actual !== file.sha256) {
      throw invalid(
        `${file.path} has the SHA-256 ${actual}, but ${MODEL_CARD_FILE} says ${file.sha256}.`,
        'Copy the file again from its source; if it was replaced on purpose, correct the hash.',
      );
    }
  }
  const inspector = createNetworkInspector();
  try {
    for (const role of MODEL_ROLES) {
      const { network } = await inspector.inspect({ path: paths[role] });
      checkNetwork(role, bundle, network);
    }
    for (const role of MODEL_ROLES) await tryNetwork(inspector, local, role);
  } finally {
    inspector.close();
  }
  return local;
}

function checkNetwork(role: ModelRole, bundle: Bundle, network: InspectedNetwork['network']): void {
  const file = bundle.files[role];
  const expected = interfaceOf(role, channelsOf(bundle, role));
  if (!fitsInterface(network, expected)) {
    throw invalid(
      `${file.path} is ${interfaceText(network)}, but the role ${role} needs ${interfaceText(expected)}.`,
      'Export the network with these names and shapes, or correct its preprocessing in model.json.',
    );
  }
  if (!fitsInterface(network, file)) {
    throw invalid(
      `${file.path} is ${interfaceText(network)}, but ${MODEL_CARD_FILE} describes it as ${interfaceText(file)}.`,
      `Correct ${MODEL_CARD_FILE}.`,
    );
  }
}

/** How many patches are tried at once: two, since a network may say that it takes any number and take one. */
const TRIAL_PATCHES = 2;
/** How far from 1 the probabilities of a label, negative and positive, may add up to. */
const SUM_TOLERANCE = 1e-3;

/** Runs a network once at full size and looks at what comes out. */
async function tryNetwork(inspector: NetworkInspector, { bundle, paths }: LocalBundle, role: ModelRole): Promise<void> {
  const { path } = bundle.files[role];
  const next = 'Check its weights, and export it again.';
  const expected = interfaceOf(role, channelsOf(bundle, role));
  const sized = ({ name, shape }: TensorDescription): [string, number[]] => [
    name,
    shape.map((size) => size ?? TRIAL_PATCHES),
  ];
  let outputs: InspectedNetwork['trial'];
  try {
    const request = { path: paths[role], trial: Object.fromEntries(expected.inputs.map(sized)) };
    outputs = (await inspector.inspect(request)).trial;
  } catch (cause) {
    if (cause instanceof MammoflowError && cause.code === 'inference-failed') {
      throw invalid(cause.message, next, cause);
    }
    throw cause;
  }
  for (const [name, shape] of expected.outputs.map(sized)) {
    const output = outputs?.[name];
    if (output?.shape.join() !== shape.join()) {
      throw invalid(
        `${path}, run once, gives ${name} as [${output?.shape.join(', ')}] instead of [${shape.join(', ')}].`,
        next,
      );
    }
    if (!output.data.every(Number.isFinite)) {
      throw invalid(`${path}, run once, gives numbers in ${name} that are not finite.`, next);
    }
    if (role !== 'patch' && !areLogProbabilities(output.data)) {
      throw invalid(
        `${path}, run once, gives numbers in ${name} that are not log-probabilities: two by two, their exponentials must add up to 1.`,
        'Export it with a log-softmax over the last axis.',
      );
    }
  }
}

function areLogProbabilities(pairs: Float32Array): boolean {
  for (let index = 0; index < pairs.length; index += 2) {
    const sum = Math.exp(pairs[index] as number) + Math.exp(pairs[index + 1] as number);
    if (!(Math.abs(sum - 1) <= SUM_TOLERANCE)) return false;
  }
  return true;
}
