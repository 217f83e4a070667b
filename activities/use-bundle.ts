import { type Bundle, bundleSchema, MODEL_CARD_FILE, MODEL_ROLES } from '../pipeline/bundle.js';
import type { InputItem } from '../pipeline/commit.js';
import { eraDigest } from '../pipeline/datum.js';
import { MammoflowError } from '../pipeline/errors.js';
import type { Era, EraModel, EraModels } from '../pipeline/pipeline-document.js';
import { readFileEntry } from '../repos/committed-files.js';
import { sha256Hex } from '../repos/hash.js';
import { parseJson } from '../repos/json-objects.js';
import type { ObjectStore } from '../repos/object-store.js';

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
    digest: eraDigest(models, sha256Hex),
    models,
    ...(bundle.notice === undefined ? {} : { notice: bundle.notice }),
  };
}
