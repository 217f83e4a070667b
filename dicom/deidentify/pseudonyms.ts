import { createHmac } from 'node:crypto';

/** Names in place of identities: the same key gives the same names, and without it nobody can tell whose they are. */
export interface Pseudonyms {
  /** Of a patient, by Patient ID and its issuer. */
  patient(id: string, issuer?: string): string;
  /** The exam that a study becomes: safe in a path, a key and a workflow id. */
  exam(studyInstance: string): string;
  /** Another UID in the place of one. */
  uid(uid: string): string;
  /** Days by which all dates of a patient go back: 1 to 3,650. */
  daysBack(id: string, issuer?: string): number;
  /** Tells one key from another, and nothing of it. */
  readonly keyDigest: string;
}

const LARGEST_SHIFT = 3_650;
const HEX_DIGITS = 20;

/** @param key at least 32 secret bytes. */
export function openPseudonyms(key: Buffer): Pseudonyms {
  // What is hashed begins with what it is, so that no name of one kind tells one of another.
  const keyed = (...parts: readonly string[]): Buffer =>
    createHmac('sha256', key).update(JSON.stringify(parts)).digest();
  return {
    patient: (id, issuer = '') => `P${keyed('patient', issuer, id).toString('hex').slice(0, HEX_DIGITS)}`,
    exam: (study) => `dx-${keyed('exam', study).toString('hex').slice(0, HEX_DIGITS)}`,
    uid(uid) {
      const bytes = keyed('uid', uid).subarray(0, 16);
      // Marked as a UUID of a form of its own (RFC 9562, 5.8), which UIDs under 2.25 are made from (PS3.5, B.2).
      bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
      bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
      return `2.25.${BigInt(`0x${bytes.toString('hex')}`)}`;
    },
    daysBack: (id, issuer = '') => 1 + (keyed('dates', issuer, id).readUInt32BE(0) % LARGEST_SHIFT),
    keyDigest: keyed('key').toString('hex').slice(0, HEX_DIGITS),
  };
}

/**
 * A date of DICOM (DA, or the beginning of DT) some days earlier. Undefined for one that is none.
 */
export function shiftedDate(value: string, daysBack: number): string | undefined {
  const [, year, month, day, rest = ''] = /^(\d{4})(\d{2})(\d{2})(.*)$/.exec(value) ?? [];
  if (year === undefined) return undefined;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  date.setUTCDate(date.getUTCDate() - daysBack);
  const time = /^[\d.]*/.exec(rest)?.[0] ?? '';
  return `${date.toISOString().slice(0, 10).replaceAll('-', '')}${time}`;
}
