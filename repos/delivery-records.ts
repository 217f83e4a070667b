import { z } from 'zod';
import { sha256Schema } from '../pipeline/bundle.js';
import type { Json } from '../pipeline/canonical-json.js';
import { branchNameSchema } from '../pipeline/commit.js';
import { OBJECT_KINDS } from '../pipeline/result-objects.js';
import { readJson, writeJson } from './json-objects.js';
import {
  deliveriesOfExamPrefix,
  deliveryKey,
  undeliveredKey,
  undeliveredOfExamPrefix,
  undeliveredPrefix,
} from './layout.js';
import type { ObjectStore } from './object-store.js';

/** An object as a destination has it, or does not want it. */
export const deliveredObjectSchema = z.strictObject({
  kind: z.enum(OBJECT_KINDS),
  name: z.string(),
  studyInstanceUid: z.string(),
  seriesInstanceUid: z.string(),
  sopClassUid: z.string(),
  sopInstanceUid: z.string(),
  outcome: z.enum(['stored', 'refused']),
  reason: z.string().optional(),
});
export type DeliveredObject = z.infer<typeof deliveredObjectSchema>;
export const deliveredObjectsSchema = z.array(deliveredObjectSchema);

const deliverySchema = z.strictObject({
  /** SHA-256 of the result and of how it is written, under pseudonyms: equal ones are the same delivery. */
  result: sha256Schema,
  identity: z.enum(['original', 'pseudonyms']),
  commit: sha256Schema,
  begunAt: z.iso.datetime(),
  endedAt: z.iso.datetime().optional(),
  status: z.enum(['under-way', 'delivered', 'refused']),
  /** How many objects the destination has, and how many it does not want. */
  stored: z.number().int().nonnegative(),
  refused: z.number().int().nonnegative(),
  /** The objects: as they are under pseudonyms, and sealed where their UIDs are those of a patient's study. */
  objects: z.union([deliveredObjectsSchema, z.strictObject({ sealed: z.string() })]),
});
export type Delivery = z.infer<typeof deliverySchema>;

/** `deliveries/<exam>/<destination>.json`: what a destination got of an exam, oldest first. */
const recordSchema = z.strictObject({
  schemaVersion: z.literal(1),
  exam: z.string(),
  destination: z.string(),
  deliveries: z.array(deliverySchema),
});
export type DeliveryRecord = z.infer<typeof recordSchema>;

/** Earlier ones are in earlier versions of the object. */
const MOST_DELIVERIES = 100;

export const readDeliveries = (
  store: ObjectStore,
  exam: string,
  destination: string,
): Promise<DeliveryRecord | undefined> =>
  readJson(store, deliveryKey(exam, destination), recordSchema) as Promise<DeliveryRecord | undefined>;

export async function writeDeliveries(store: ObjectStore, record: DeliveryRecord): Promise<void> {
  const kept = { ...record, deliveries: record.deliveries.slice(-MOST_DELIVERIES) };
  await writeJson(store, deliveryKey(record.exam, record.destination), kept as unknown as Json);
}

/** What destinations got of an exam. */
export async function* listDeliveries(store: ObjectStore, exam: string): AsyncGenerator<DeliveryRecord> {
  for await (const { key } of store.list(deliveriesOfExamPrefix(exam))) {
    const record = await readJson(store, key, recordSchema);
    if (record !== undefined) yield record as DeliveryRecord;
  }
}

/** `undelivered/<exam>/<destination>.json`: what a destination should have and has not, until it is sent again. */
const undeliveredSchema = z.strictObject({
  schemaVersion: z.literal(1),
  exam: z.string(),
  destination: z.string(),
  branch: branchNameSchema,
  commit: sha256Schema.optional(),
  since: z.iso.datetime(),
  reason: z.string(),
});
export type Undelivered = z.infer<typeof undeliveredSchema>;

export async function markUndelivered(store: ObjectStore, letter: Omit<Undelivered, 'schemaVersion'>): Promise<void> {
  await writeJson(store, undeliveredKey(letter.exam, letter.destination), {
    schemaVersion: 1,
    ...letter,
  } as unknown as Json);
}

export async function clearUndelivered(store: ObjectStore, exam: string, destination: string): Promise<void> {
  const key = undeliveredKey(exam, destination);
  // A delete marker for every delivery that went well would be a version for nothing.
  if ((await store.head(key)) !== undefined) await store.delete(key);
}

/** All that waits, or what waits of one exam. */
export async function* listUndelivered(store: ObjectStore, exam?: string): AsyncGenerator<Undelivered> {
  const prefix = exam === undefined ? undeliveredPrefix : undeliveredOfExamPrefix(exam);
  for await (const { key } of store.list(prefix)) {
    const letter = await readJson(store, key, undeliveredSchema);
    if (letter !== undefined) yield letter as Undelivered;
  }
}
