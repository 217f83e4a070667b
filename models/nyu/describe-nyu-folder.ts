import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { sha256OfFile } from '../../inference/bundle.js';
import { createNetworkInspector } from '../../inference/inspect-networks.js';
import { fitsInterface, interfaceOf, interfaceText, type NetworkInterface } from '../../inference/network-interface.js';
import { type Bundle, bundleSchema, MODEL_ROLES, type ModelRole, PATCH_CLASSES } from '../../pipeline/bundle.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { LABELS } from '../../pipeline/predictions.js';

/** Input channels of NYU's networks by role (PIPELINE.md 4 and 5.5). */
const CHANNELS: Readonly<Record<ModelRole, number>> = { patch: 3, image: 1, imageheatmaps: 3 };

export const UNKNOWN_ORIGIN_NOTICE =
  'Weights of unknown origin; numbers have no medical meaning unless you know where these files come from.';

/**
 * Describes a folder of ONNX files without a `model.json` that have the inputs and outputs of NYU's three networks.
 * Roles are told from the networks themselves, whatever the files are called. Reads the folder and writes nothing.
 *
 * @param name the bundle's name; the folder's unless given.
 * @returns the `model.json` to put beside the files.
 * @throws MammoflowError `invalid-bundle` when a role has no file or more than one, or a file is no ONNX network.
 */
export async function describeNyuFolder(folder: string, name: string = basename(resolve(folder))): Promise<Bundle> {
  const files = (await readdir(folder)).filter((file) => file.toLowerCase().endsWith('.onnx')).sort();
  const found = new Map<ModelRole, { file: string; network: NetworkInterface }>();
  const unknown: string[] = [];
  const inspector = createNetworkInspector();
  try {
    for (const file of files) {
      const { network } = await inspector.inspect({ path: join(folder, file) });
      const role = MODEL_ROLES.find((candidate) => fitsInterface(network, interfaceOf(candidate, CHANNELS[candidate])));
      if (role === undefined) {
        unknown.push(`${file} is ${interfaceText(network)}`);
        continue;
      }
      const other = found.get(role);
      if (other !== undefined) {
        throw new MammoflowError(
          'invalid-bundle',
          `${other.file} and ${file} in ${folder} could both be the ${role} network.`,
          'Leave one of them in the folder, or write a model.json that says which is meant.',
        );
      }
      found.set(role, { file, network });
    }
  } finally {
    inspector.close();
  }
  const missing = MODEL_ROLES.filter((role) => !found.has(role));
  if (missing.length > 0) {
    throw new MammoflowError(
      'invalid-bundle',
      `${folder} has no ONNX file that could be the ${missing.join(' or the ')} network${
        unknown.length > 0 ? ` (${unknown.join('; ')})` : ''
      }.`,
      `Add it: ${missing.map((role) => interfaceText(interfaceOf(role, CHANNELS[role]))).join('; ')}.`,
    );
  }
  const fields = async (role: ModelRole): Promise<object> => {
    const { file, network } = found.get(role) as { file: string; network: NetworkInterface };
    return { path: file, sha256: await sha256OfFile(join(folder, file)), ...network };
  };
  const described = bundleSchema.safeParse({
    schemaVersion: 1,
    name,
    description:
      'ONNX files with the inputs and outputs of the NYU breast cancer classifier, described from their graphs.',
    licence: 'Unknown: ask whoever made these files.',
    intendedUse: 'Research only. What these weights were trained on, if they were trained at all, is not known.',
    notice: UNKNOWN_ORIGIN_NOTICE,
    files: {
      patch: {
        ...(await fields('patch')),
        preprocessing: { standardise: 'whole-image', channels: 3 },
        classes: [...PATCH_CLASSES],
      },
      image: {
        ...(await fields('image')),
        preprocessing: { standardise: 'window', channels: ['image'] },
        labels: [...LABELS],
      },
      imageheatmaps: {
        ...(await fields('imageheatmaps')),
        preprocessing: { standardise: 'window', channels: ['image', 'benign', 'malignant'] },
        labels: [...LABELS],
      },
    },
  });
  if (described.success) return described.data;
  const issues = described.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new MammoflowError(
    'invalid-bundle',
    `${folder} cannot be described as a bundle (${issues.join('; ')}).`,
    'Rename the files to plain names of letters, digits, ".", "_" and "-".',
  );
}
