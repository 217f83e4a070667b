import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { interfaceOf } from '../../inference/network-interface.js';
import { type Bundle, bundleSchema, MODEL_CARD_FILE, PATCH_CLASSES } from '../../pipeline/bundle.js';
import { LABELS } from '../../pipeline/predictions.js';
import { placeholderClassifier, placeholderPatchNetwork } from './placeholder-networks.js';

/** One seed per network; any other would do as well. */
const SEEDS = { patch: 1, image: 2, imageheatmaps: 3 } as const;

/** Another bundle of the same kind: networks with other seeds compute something else, the others are the same files. */
export interface PlaceholderVariant {
  readonly name?: string;
  readonly seeds?: Partial<Record<keyof typeof SEEDS, number>>;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The placeholder bundle's files by name. The same on every machine. */
export function placeholderBundle({
  name = 'placeholder',
  seeds = {},
}: PlaceholderVariant = {}): Record<string, Uint8Array> {
  const { patch, image, imageheatmaps } = { ...SEEDS, ...seeds };
  const networks = {
    'patch.onnx': placeholderPatchNetwork(patch),
    'image.onnx': placeholderClassifier('image', image),
    'imageheatmaps.onnx': placeholderClassifier('imageheatmaps', imageheatmaps),
  };
  const file = (path: keyof typeof networks): { path: string; sha256: string } => ({
    path,
    sha256: sha256(networks[path]),
  });
  const bundle: Bundle = bundleSchema.parse({
    schemaVersion: 1,
    name,
    description:
      'Tiny untrained networks with random weights and the inputs and outputs of the NYU breast cancer classifier. ' +
      'For tests and benchmarks, which need the pipeline to run end to end and no sense in its numbers.',
    licence: 'Apache-2.0',
    intendedUse: 'Testing mammoflow and measuring its speed. Never for looking at a mammogram.',
    notice: 'Untrained placeholder: the weights are random and the numbers mean nothing.',
    files: {
      patch: {
        ...file('patch.onnx'),
        ...interfaceOf('patch', 3),
        preprocessing: { standardise: 'whole-image', channels: 3 },
        classes: [...PATCH_CLASSES],
      },
      image: {
        ...file('image.onnx'),
        ...interfaceOf('image', 1),
        preprocessing: { standardise: 'window', channels: ['image'] },
        labels: [...LABELS],
      },
      imageheatmaps: {
        ...file('imageheatmaps.onnx'),
        ...interfaceOf('imageheatmaps', 3),
        preprocessing: { standardise: 'window', channels: ['image', 'benign', 'malignant'] },
        labels: [...LABELS],
      },
    },
  });
  return { ...networks, [MODEL_CARD_FILE]: Buffer.from(`${JSON.stringify(bundle, null, 2)}\n`) };
}

/** Writes the placeholder bundle into `folder`, which is made if need be. */
export async function writePlaceholderBundle(folder: string, variant?: PlaceholderVariant): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(placeholderBundle(variant))) await writeFile(join(folder, name), bytes);
}
