import type { Json } from '../pipeline/canonical-json.js';
import { type DatumRecord, datumRecordSchema } from '../pipeline/datum.js';
import { MammoflowError } from '../pipeline/errors.js';
import { parseJson, readJson, writeJson } from './json-objects.js';
import { datumKeyPath, datumsOfExamPrefix } from './layout.js';
import type { ObjectStore } from './object-store.js';

/** The record of a datum key, or undefined when that datum was never computed. */
export const readDatumRecord = (
  store: ObjectStore,
  stage: string,
  exam: string,
  key: string,
): Promise<DatumRecord | undefined> => readJson(store, datumKeyPath(stage, exam, key), datumRecordSchema);

/** Keys of all datums of a stage and exam that have a record, in ascending order, those after `after` when given. */
export async function* listDatumKeys(
  store: ObjectStore,
  stage: string,
  exam: string,
  after?: string,
): AsyncGenerator<string> {
  const prefix = datumsOfExamPrefix(stage, exam);
  for await (const { key } of store.list(prefix, after === undefined ? undefined : datumKeyPath(stage, exam, after))) {
    yield key.slice(prefix.length, -'.json'.length);
  }
}

/** A record with its ETag, for whoever may have to replace it. */
export async function findDatumRecord(
  store: ObjectStore,
  stage: string,
  exam: string,
  key: string,
): Promise<{ record: DatumRecord; etag: string } | undefined> {
  const path = datumKeyPath(stage, exam, key);
  const object = await store.get(path);
  return object && { record: parseJson(path, object.bytes, datumRecordSchema), etag: object.etag };
}

/**
 * Replaces a record whose files are lost by that of the same datum computed again. Whoever does so first wins here too:
 * another's record is returned and this one's output is not used.
 */
export async function replaceDatumRecord(store: ObjectStore, record: DatumRecord, etag: string): Promise<DatumRecord> {
  const { stage, exam } = record.document;
  const path = datumKeyPath(stage, exam, record.key);
  const written = await writeJson(store, path, record as unknown as Json, { ifMatch: etag });
  return written === undefined ? writeDatumRecord(store, record) : record;
}

/**
 * Records what a datum key produced. The first writer wins: when another worker computed the same datum meanwhile, its
 * record is returned and this one's output is not used, so that a key always leads to the same object versions.
 */
export async function writeDatumRecord(store: ObjectStore, record: DatumRecord): Promise<DatumRecord> {
  const { stage, exam } = record.document;
  const key = datumKeyPath(stage, exam, record.key);
  const written = await writeJson(store, key, record as unknown as Json, { ifAbsent: true });
  if (written !== undefined) return record;
  const first = await readDatumRecord(store, stage, exam, record.key);
  if (first === undefined)
    throw new MammoflowError('missing-object', `The record ${key} vanished while it was written.`);
  return first;
}
