import type { Json } from '../pipeline/canonical-json.js';
import { type DatumRecord, datumRecordSchema } from '../pipeline/datum.js';
import { MammoflowError } from '../pipeline/errors.js';
import { parseObject, unlessDamaged, writeJson } from './json-objects.js';
import { datumKeyPath, datumsOfExamPrefix } from './layout.js';
import type { ObjectStore, StoredObject } from './object-store.js';

/**
 * The record of a datum key, or undefined when that datum was never computed.
 * @throws MammoflowError `corrupt-data` when it is damaged.
 */
export const readDatumRecord = async (
  store: ObjectStore,
  stage: string,
  exam: string,
  key: string,
): Promise<DatumRecord | undefined> => {
  const path = datumKeyPath(stage, exam, key);
  const object = await store.get(path);
  return object && parseRecord(path, object, { stage, exam, key });
};

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

/** A record as it lies there, for whoever may have to replace it. */
export interface FoundRecord {
  /** Undefined when it is damaged, which is as good as none. */
  readonly record: DatumRecord | undefined;
  readonly etag: string;
  readonly versionId: string;
}

/** The record of a datum key with its ETag; undefined when that datum was never computed. */
export async function findDatumRecord(
  store: ObjectStore,
  stage: string,
  exam: string,
  key: string,
): Promise<FoundRecord | undefined> {
  const path = datumKeyPath(stage, exam, key);
  const object = await store.get(path);
  if (object === undefined) return undefined;
  const record = await unlessDamaged(() => parseRecord(path, object, { stage, exam, key }));
  return { record, etag: object.etag, versionId: object.versionId };
}

/** @throws MammoflowError `corrupt-data` also for the record of another datum. */
function parseRecord(
  path: string,
  object: StoredObject,
  { stage, exam, key }: { readonly stage: string; readonly exam: string; readonly key: string },
): DatumRecord {
  const record = parseObject(path, object, datumRecordSchema);
  const { document } = record;
  if (record.key === key && document.stage === stage && document.exam === exam) return record;
  throw new MammoflowError('corrupt-data', `The object ${path} is damaged: it is the record of another datum.`);
}

/**
 * Replaces a record that is damaged, or whose files are, by that of the same datum computed again. Whoever does so first
 * wins here too: another's record is returned and this one's output is not used.
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
