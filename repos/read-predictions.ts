import type { FileEntry, StageItem } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { PREDICTIONS_JSON, type Predictions, predictionsSchema } from '../pipeline/predictions.js';
import { readFileEntry } from './committed-files.js';
import { findDatumRecord } from './datum-records.js';
import { parseJson } from './json-objects.js';
import { recordDamage } from './known-damage.js';
import { datumKeyPath } from './layout.js';
import type { ObjectStore } from './object-store.js';

/** The stage that predicts. */
export const PREDICTING_STAGE = 'classify';

/** The predictions of an exam, or the sentence that says what is wrong with them. */
export type ReadPredictions = { readonly predictions: Predictions } | { readonly damage: string };

/**
 * The predictions that a commit names, from bytes that have the hash it names. What is damaged or gone is said, and word of
 * it left, so that the next job makes it again; so is a record without which nobody could say how they came about.
 */
export async function readPredictions(store: ObjectStore, exam: string, item: StageItem): Promise<ReadPredictions> {
  const file = item.files.find(({ path }) => path === PREDICTIONS_JSON);
  const [record, read] = await Promise.all([
    findDatumRecord(store, PREDICTING_STAGE, exam, item.datum),
    file === undefined ? undefined : readFile(store, file),
  ]);
  const leaveWord = (key: string, versionId: string, what: 'missing' | 'damaged'): Promise<void> =>
    // Whoever may only read still gets to know.
    recordDamage(store, { repo: PREDICTING_STAGE, item: exam, key, versionId, what }).catch(() => undefined);
  if (file === undefined || read === undefined) return { damage: 'Its commit names no predictions.' };
  if (typeof read === 'string') {
    await leaveWord(file.key, file.versionId, read);
    return { damage: `The file of its predictions is ${read === 'missing' ? 'gone from the bucket' : 'damaged'}.` };
  }
  if (record?.record === undefined) {
    const key = datumKeyPath(PREDICTING_STAGE, exam, item.datum);
    await leaveWord(key, record?.versionId ?? '', record === undefined ? 'missing' : 'damaged');
    return { damage: `The record of how it was made is ${record === undefined ? 'gone from the bucket' : 'damaged'}.` };
  }
  return { predictions: read };
}

async function readFile(store: ObjectStore, file: FileEntry): Promise<Predictions | 'missing' | 'damaged'> {
  try {
    return parseJson(file.key, await readFileEntry(store, file), predictionsSchema);
  } catch (error) {
    if (!(error instanceof MammoflowError)) throw error;
    if (error.code === 'missing-object') return 'missing';
    if (error.code === 'corrupt-data') return 'damaged';
    throw error;
  }
}
