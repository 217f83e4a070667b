import { type Bundle, bundleSchema, MODEL_CARD_FILE, MODEL_ROLES } from '../pipeline/bundle.js';
import type { InputItem } from '../pipeline/commit.js';
import { eraDigest } from '../pipeline/datum.js';
import { MammoflowError } from '../pipeline/errors.js';
import { examIdSchema } from '../pipeline/exam.js';
import {
  type Era,
  type EraModel,
  type EraModels,
  type ModelArrival,
  type PipelineDocument,
  useForAll,
  useForNew,
} from '../pipeline/pipeline-document.js';
import { readFileEntry } from '../repos/committed-files.js';
import { sha256Hex } from '../repos/hash.js';
import { parseJson } from '../repos/json-objects.js';
import type { ObjectStore } from '../repos/object-store.js';

/** @throws MammoflowError `invalid-bundle` when a bundle's name cannot be that of a folder. */
export function checkBundleName({ name }: Bundle): void {
  if (examIdSchema.safeParse(name).success) return;
  throw new MammoflowError(
    'invalid-bundle',
    `${JSON.stringify(name)} cannot name a bundle.`,
    'Use letters, digits, ".", "_" and "-" in model.json.',
  );
}

/** The files of a bundle, `model.json` first. */
export const filesOf = (bundle: Bundle): string[] => [
  ...new Set([MODEL_CARD_FILE, ...MODEL_ROLES.map((role) => bundle.files[role].path)]),
];

/** The `model.json` of a committed bundle. @throws MammoflowError `invalid-bundle` when there is none. */
export async function readBundleCard(store: ObjectStore, item: InputItem): Promise<Bundle> {
  const card = item.files.find((file) => file.path === MODEL_CARD_FILE);
  if (card === undefined) throw new MammoflowError('invalid-bundle', `Bundle ${item.name} has no ${MODEL_CARD_FILE}.`);
  return parseJson(card.key, await readFileEntry(store, card), bundleSchema);
}

/**
 * A committed bundle as the pipeline uses it: each role's file pinned to its object version.
 * @throws MammoflowError `invalid-bundle` when a file that `model.json` names is not in the bundle.
 */
export function eraOf(bundle: Bundle, item: InputItem): Omit<Era, 'fromSequence'> {
  const models: EraModels = {};
  for (const role of MODEL_ROLES) {
    const description = bundle.files[role];
    const file = item.files.find((entry) => entry.path === description.path);
    if (file === undefined || file.sha256 !== description.sha256) {
      throw new MammoflowError(
        'invalid-bundle',
        `Bundle ${item.name} lacks the file ${description.path} for its role ${role}.`,
      );
    }
    models[role] = { file, preprocessing: description.preprocessing as EraModel['preprocessing'] };
  }
  return {
    bundle: item.name,
    digest: eraDigest(models, sha256Hex, bundle.reference),
    models,
    ...(bundle.reference === undefined ? {} : { reference: bundle.reference }),
    ...(bundle.notice === undefined ? {} : { notice: bundle.notice }),
  };
}

/**
 * Which bundle is used once `era`'s has been committed. The first one is used for all exams, whatever the choice.
 * @param choice undefined: as `keep`, but new bytes under the name of the bundle in use replace it for all exams.
 */
export function useBundle(
  document: PipelineDocument,
  era: Omit<Era, 'fromSequence'>,
  sequence: number,
  choice: ModelArrival | undefined,
): PipelineDocument {
  const current = document.eras.at(-1);
  if (current === undefined || choice === 'all') return useForAll(document, era);
  if (current.digest === era.digest) {
    // The same networks: at most the card's text changed, and who used them goes on using them.
    if (current.bundle !== era.bundle) return document;
    const { fromSequence } = current;
    return { ...document, eras: [...document.eras.slice(0, -1), { ...era, fromSequence }] };
  }
  if (choice === 'new') return useForNew(document, era, sequence);
  return choice === undefined && current.bundle === era.bundle ? useForAll(document, era) : document;
}
