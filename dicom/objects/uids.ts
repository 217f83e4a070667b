import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from '../../pipeline/canonical-json.js';
import type { Dataset, Value } from './dataset.js';

/**
 * A UID that follows from what it names: `2.25.` and a UUID as a decimal number (PS3.5 B.2). The UUID is of version 8
 * (RFC 9562) and made of the first bits of a SHA-256, so that nothing has to be registered or remembered.
 */
export function derivedUid(...of: readonly Json[]): string {
  const bytes = createHash('sha256').update(canonicalJson(of)).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return `2.25.${BigInt(`0x${bytes.toString('hex')}`)}`;
}

/**
 * The dataset with the SOP Instance UID that follows from everything else in it. An archive keeps the first object that
 * it gets under a UID (Orthanc answers 200 and drops the other), so no two contents may ever share one.
 */
export function withInstanceUid(dataset: Dataset): Dataset {
  return { ...dataset, SOPInstanceUID: derivedUid('instance', digestible(dataset)) };
}

/** Pixels as their hash: canonical JSON of every number of a float map would take a hundred times its memory. */
function digestible(value: Value | Dataset): Json {
  if (value instanceof Uint8Array || value instanceof Float32Array) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return { sha256: createHash('sha256').update(bytes).digest('hex') };
  }
  if (Array.isArray(value)) return value.map((one) => digestible(one as Value));
  if (value === undefined) return null;
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(entries.map(([keyword, one]) => [keyword, digestible(one as Value)]));
}
