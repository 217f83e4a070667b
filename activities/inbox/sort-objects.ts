import { readHeadOfStream, tooLarge } from '../../dicom/data-set/read-object.js';
import type { Identities } from '../../dicom/identity/identities.js';
import { sortHead } from '../../dicom/intake/take-in-objects.js';
import type { SortedObject } from '../../pipeline/dicom-inbox.js';
import { ExamError, MammoflowError } from '../../pipeline/errors.js';
import { LARGEST_OBJECT } from '../../pipeline/exam-objects.js';
import type { InboxFile } from '../../pipeline/inbox.js';
import { concurrently } from '../../repos/concurrently.js';
import { listObjects, openObjects, recordSorted, setObjectsHold } from '../../repos/dicom-inbox.js';
import type { InboxVersion } from '../../repos/inbox.js';
import type { ObjectStore } from '../../repos/object-store.js';
import { type OpenIdentities, requirePseudonymKey } from './pseudonym-key.js';

/** Opened by one look; the rest by the next, which follows at once. */
const AT_ONCE = 500;
const CONCURRENCY = 8;

export interface Sorting {
  /** More lie there that nobody has opened. */
  readonly more: boolean;
  /** Why nothing can be opened, where that is new. */
  readonly held?: string;
}

/**
 * Opens what came new into `inbox/dicom/`, as far as its head, and remembers what it is in pseudonyms. Without a key for
 * those, objects stay as they are, and the reason is kept for whoever looks into the inbox.
 */
export async function sortObjects(store: ObjectStore, open: OpenIdentities | undefined): Promise<Sorting> {
  const { unsorted } = await listObjects(store);
  if (unsorted.length === 0) return { more: false };
  let identities: Identities;
  try {
    identities = await requirePseudonymKey(store, open);
  } catch (error) {
    if (!(error instanceof MammoflowError) || error.code !== 'invalid-configuration') throw error;
    const isNew = await setObjectsHold(store, error.sentence);
    return { more: false, ...(isNew && { held: error.sentence }) };
  }
  await setObjectsHold(store, undefined);
  const eldest = [...unsorted].sort((a, b) => a.modified - b.modified).slice(0, AT_ONCE);
  const failures: unknown[] = [];
  await concurrently(eldest, CONCURRENCY, async (file) => {
    try {
      const [version] = await openObjects(store, [file]);
      // Replaced or gone since it was listed.
      if (version === undefined) return;
      await recordSorted(store, file, await sorted(store, file, version, identities));
    } catch (error) {
      failures.push(error);
    }
  });
  // One that the service does not give harms no other: the next look tries it again.
  if (failures.length === eldest.length) throw failures[0];
  return { more: unsorted.length > eldest.length };
}

async function sorted(
  store: ObjectStore,
  { size }: InboxFile,
  { key, versionId }: InboxVersion,
  identities: Identities,
): Promise<SortedObject> {
  try {
    const stream = await store.getStream(key, versionId);
    if (stream === undefined) throw new Error('an object of the inbox went while it was opened');
    const head = await readHeadOfStream(stream, size, 'It');
    const { exam, patient, is } = sortHead(head, identities);
    const large = size > LARGEST_OBJECT ? tooLarge('It', size).sentence : undefined;
    const what = large === undefined || is.kind !== 'view' ? is : { kind: 'left-out' as const, reason: large };
    return { schemaVersion: 1, exam, patient, is: what };
  } catch (error) {
    if (!(error instanceof ExamError)) throw error;
    return { schemaVersion: 1, is: { kind: 'left-out', reason: error.sentence } };
  }
}
