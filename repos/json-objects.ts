import type { z } from 'zod';
import { canonicalJson, type Json } from '../pipeline/canonical-json.js';
import { MammoflowError } from '../pipeline/errors.js';
import { sha256Hex } from './hash.js';
import type { ObjectStore, ObjectVersion, StoredObject } from './object-store.js';

/**
 * Reads and checks a JSON object of the bookkeeping. Undefined when there is none.
 * @throws MammoflowError `corrupt-data` when the bytes are not what the schema says.
 */
export async function readJson<T>(store: ObjectStore, key: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const object = await store.get(key);
  return object === undefined ? undefined : parseObject(key, object, schema);
}

/** As `readJson`, of what can be made again: a damaged object is as good as none. */
export async function readDerivedJson<T>(
  store: ObjectStore,
  key: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  return unlessDamaged(() => readJson(store, key, schema));
}

/** What is read, or undefined where it is damaged. */
export async function unlessDamaged<T>(read: () => Promise<T> | T): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof MammoflowError && error.code === 'corrupt-data') return undefined;
    throw error;
  }
}

/**
 * As `parseJson`, where the bytes must also be those that were written: a flipped bit may leave JSON of the right form.
 */
export function parseObject<T>(key: string, { bytes, sha256 }: StoredObject, schema: z.ZodType<T>): T {
  if (sha256 !== undefined && sha256Hex(bytes) !== sha256)
    throw corrupt(key, 'its bytes are not those that were written');
  return parseJson(key, bytes, schema);
}

/** @throws MammoflowError `corrupt-data` naming the object and the first thing that is wrong with it. */
export function parseJson<T>(key: string, bytes: Uint8Array, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw corrupt(key, 'it is not JSON', cause);
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw corrupt(key, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not of the expected form'}`);
  }
  return result.data;
}

function corrupt(key: string, what: string, cause?: unknown): MammoflowError {
  return new MammoflowError(
    'corrupt-data',
    `The object ${key} is damaged or was written by something else (${what}).`,
    'Look at its earlier versions in the bucket, or ask whoever writes to it.',
    { cause },
  );
}

/** Writes canonical JSON. @returns the version, or undefined when a condition did not hold. */
export function writeJson(
  store: ObjectStore,
  key: string,
  value: Json,
  condition: { ifAbsent?: boolean; ifMatch?: string } = {},
): Promise<ObjectVersion | undefined> {
  const bytes = Buffer.from(canonicalJson(value));
  return store.put(key, bytes, { sha256: sha256Hex(bytes), contentType: 'application/json', ...condition });
}

/**
 * Stores bytes under a key that holds their hash. What is there already is the same, unless it was damaged since: then it is
 * written over.
 */
export async function storeUnderHash(
  store: ObjectStore,
  key: string,
  bytes: Uint8Array,
  sha256: string,
): Promise<void> {
  const options = { sha256, contentType: 'application/json' };
  if ((await store.put(key, bytes, { ...options, ifAbsent: true })) !== undefined) return;
  const there = await store.get(key);
  if (there === undefined || sha256Hex(there.bytes) !== sha256) await store.put(key, bytes, options);
}
