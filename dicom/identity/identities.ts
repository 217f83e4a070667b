import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { MammoflowError } from '../../pipeline/errors.js';
import { openPseudonyms, type Pseudonyms } from '../deidentify/pseudonyms.js';

/** Whose an exam is: what results need to go back to the right study. */
export const identitySchema = z.strictObject({
  schemaVersion: z.literal(1),
  exam: z.string(),
  study: z.string(),
  patientId: z.string(),
  issuer: z.string().optional(),
  patientName: z.string().optional(),
  accession: z.string().optional(),
  /** What results repeat of the patient and the study, in entries of builds that write results. */
  birthDate: z.string().optional(),
  sex: z.string().optional(),
  studyId: z.string().optional(),
  referringPhysician: z.string().optional(),
  /** Series and SOP instances by the UID that they have without identity. */
  uids: z.record(z.string(), z.string()),
});
export type Identity = z.infer<typeof identitySchema>;

/** Pseudonyms, and the way back from them. */
export interface Identities {
  readonly pseudonyms: Pseudonyms;
  /** Remembers whose an exam is. What was remembered of it before and is not contradicted stays. */
  remember(identity: Identity): Promise<void>;
  /** @throws MammoflowError `not-found`, or `corrupt-data` for an entry that this key did not write. */
  recall(exam: string): Promise<Identity>;
  forget(exam: string): Promise<void>;
  /** A text about an exam that only the key opens, for a place where nobody may know whose the exam is. */
  seal(exam: string, text: string): string;
  /** @throws MammoflowError `corrupt-data` for what this key did not seal for this exam. */
  unseal(exam: string, sealed: string): string;
}

export interface IdentityPlaces {
  /** A file with the secret key. */
  readonly keyFile: string;
  /** The folder of the map, with an encrypted file for each exam. */
  readonly folder: string;
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Opens the key and the map. The map is encrypted (AES-256-GCM, with a key derived from the secret one), and what an entry
 * belongs to is part of what is authenticated, so that entries cannot be exchanged.
 *
 * @param options.mustExist the key is not made where there is none: on a machine that only takes in what comes, another key
 *   than that of whoever puts would give the same study another name.
 * @throws MammoflowError `invalid-configuration` for a key that is none.
 */
export async function openIdentities(
  { keyFile, folder }: IdentityPlaces,
  { mustExist = false }: { readonly mustExist?: boolean } = {},
): Promise<Identities> {
  const key = await readOrMakeKey(keyFile, mustExist);
  const mapKey = Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), 'mammoflow re-identification map', 32));
  const pathOf = (exam: string): string => entryOf(folder, exam);
  const recall = async (exam: string): Promise<Identity | undefined> => {
    const sealed = await readFile(pathOf(exam)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (sealed === undefined) return undefined;
    try {
      return identitySchema.parse(JSON.parse(open(sealed, mapKey, exam)));
    } catch (cause) {
      throw new MammoflowError(
        'corrupt-data',
        `The entry of exam ${exam} in the re-identification map cannot be read with this key.`,
        'Set MAMMOFLOW_PSEUDONYM_KEY_FILE to the key that it was written with.',
        { cause },
      );
    }
  };
  return {
    pseudonyms: openPseudonyms(key),
    async remember(identity) {
      const before = await recall(identity.exam);
      const merged: Identity = { ...before, ...identity, uids: { ...before?.uids, ...identity.uids } };
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const path = pathOf(identity.exam);
      const part = `${path}.${randomBytes(6).toString('hex')}`;
      await writeFile(part, seal(JSON.stringify(merged), mapKey, identity.exam), { mode: 0o600 });
      await rename(part, path);
    },
    async recall(exam) {
      const found = await recall(exam);
      if (found !== undefined) return found;
      throw new MammoflowError(
        'not-found',
        `The re-identification map has nothing of exam ${exam}.`,
        'Look on the machine where it was put, or with the MAMMOFLOW_IDENTITIES that it was put with.',
      );
    },
    forget: (exam) => rm(pathOf(exam), { force: true }),
    seal: (exam, text) => seal(text, mapKey, `sealed for ${exam}`).toString('base64'),
    unseal(exam, sealed) {
      try {
        return open(Buffer.from(sealed, 'base64'), mapKey, `sealed for ${exam}`);
      } catch (cause) {
        throw new MammoflowError(
          'corrupt-data',
          `What is known of exam ${exam} cannot be read with this key.`,
          'Set MAMMOFLOW_PSEUDONYM_KEY_FILE to the key that it was written with.',
          { cause },
        );
      }
    },
  };
}

const entryOf = (folder: string, exam: string): string => join(folder, `${exam}.identity`);

/** Removes an exam's entry from the map, for which no key is needed. @returns whether there was one. */
export async function forgetIdentity({ folder }: Pick<IdentityPlaces, 'folder'>, exam: string): Promise<boolean> {
  try {
    await rm(entryOf(folder, exam));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function readOrMakeKey(path: string, mustExist: boolean): Promise<Buffer> {
  const found = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found !== undefined) return parseKey(found, path);
  if (mustExist) {
    throw new MammoflowError(
      'invalid-configuration',
      `There is no key for pseudonyms at ${path} on ${hostname()}.`,
      'Copy the one that `put` uses there, or name its place with MAMMOFLOW_PSEUDONYM_KEY_FILE; make the first with `openssl rand -hex 32`.',
    );
  }
  const made = randomBytes(KEY_BYTES).toString('hex');
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    await writeFile(path, `${made}\n`, { mode: 0o600, flag: 'wx' });
    await chmod(path, 0o600);
  } catch (error) {
    // Another process made one at the same moment.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return parseKey(await readFile(path, 'utf8'), path);
  }
  return Buffer.from(made, 'hex');
}

function parseKey(found: string, path: string): Buffer {
  const digits = found.trim();
  if (/^[0-9a-f]{64,}$/i.test(digits) && digits.length % 2 === 0) return Buffer.from(digits, 'hex');
  throw new MammoflowError(
    'invalid-configuration',
    `${path} holds no key for pseudonyms.`,
    'It should be one line of at least 64 hexadecimal digits, e.g. from `openssl rand -hex 32`.',
  );
}

function seal(text: string, key: Buffer, exam: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(exam));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

function open(sealed: Buffer, key: Buffer, exam: string): string {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES)).setAAD(Buffer.from(exam));
  decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
}
