import type { Identities } from '../../dicom/identity/identities.js';
import type { ExamResult } from '../../dicom/objects/exam-result.js';
import { withIdentity } from '../../dicom/objects/with-identity.js';
import type { WriteOptions } from '../../dicom/objects/write-objects.js';
import { canonicalJson, type Json } from '../../pipeline/canonical-json.js';
import type { ObjectKind } from '../../pipeline/result-objects.js';
import { sha256Hex } from '../../repos/hash.js';
import type { Repository } from '../../repos/repository.js';
import type { CommittedResult } from './committed-result.js';
import { examResultOf, kindsFor } from './exam-result-of.js';

/** How a result is written: what a destination, or whoever exports to a folder, wants of it. */
export interface WritingWishes {
  readonly objects?: readonly ObjectKind[] | undefined;
  readonly findings: NonNullable<WriteOptions['findings']>;
  readonly identity: 'original' | 'pseudonyms';
}

/** A result ready to be written. */
export interface ResultToWrite {
  readonly result: ExamResult;
  readonly options: WriteOptions & { readonly kinds: readonly ObjectKind[] };
  readonly identity: WritingWishes['identity'];
  /** SHA-256 of the result under pseudonyms and of how it is written: it tells nobody whose it is. */
  readonly digest: string;
}

/**
 * Makes the value that DICOM objects are written from, under the identity that is wished for.
 *
 * @param identities needed for the original identity only
 * @throws MammoflowError `not-found` where the map has nothing of the exam; as `examResultOf` and `withIdentity`
 */
export async function resultToWrite(
  repository: Repository,
  committed: CommittedResult,
  { objects, findings, identity }: WritingWishes,
  identities: () => Promise<Identities>,
): Promise<ResultToWrite> {
  const pseudonymous = await examResultOf(repository, committed);
  const kinds = kindsFor(committed, objects);
  const digest = sha256Hex(canonicalJson({ result: pseudonymous, kinds, findings, identity } as unknown as Json));
  const common = { options: { kinds, findings }, identity, digest };
  if (identity === 'pseudonyms') return { ...common, result: pseudonymous };
  const known = await identities();
  const whose = await known.recall(pseudonymous.exam);
  return { ...common, result: withIdentity(pseudonymous, whose, known) };
}
