import { z } from 'zod';
import type { Identities } from '../../dicom/identity/identities.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { readJson, writeJson } from '../../repos/json-objects.js';
import { pseudonymKeyKey } from '../../repos/layout.js';
import type { ObjectStore } from '../../repos/object-store.js';

const schema = z.strictObject({ schemaVersion: z.literal(1), key: z.string() });

/** Opens the key of pseudonyms on this machine. @throws MammoflowError where there is none. */
export type OpenIdentities = () => Promise<Identities>;

/**
 * The key of pseudonyms, if it is the one that this bucket's inbox was taken in with before. Another one would give a study
 * that comes in two parts two names, and a patient two pseudonyms, and nobody would see it.
 *
 * @throws MammoflowError `invalid-configuration` where there is no key here, or another one.
 */
export async function requirePseudonymKey(store: ObjectStore, open: OpenIdentities | undefined): Promise<Identities> {
  if (open === undefined) {
    throw new MammoflowError(
      'invalid-configuration',
      'The workflow workers have no key for pseudonyms.',
      'Set MAMMOFLOW_PSEUDONYM_KEY_FILE where they run to the key that `put` uses.',
    );
  }
  const identities = await open();
  const key = identities.pseudonyms.keyDigest;
  // Of two workers that come first at the same moment, one is.
  await writeJson(store, pseudonymKeyKey, { schemaVersion: 1, key }, { ifAbsent: true });
  const known = await readJson(store, pseudonymKeyKey, schema);
  if (known === undefined || known.key === key) return identities;
  throw new MammoflowError(
    'invalid-configuration',
    'The key for pseudonyms where the workflow workers run is not the one that this inbox was taken in with before.',
    `Give them that key (MAMMOFLOW_PSEUDONYM_KEY_FILE); if it was replaced on purpose, delete ${pseudonymKeyKey} in the bucket.`,
  );
}
