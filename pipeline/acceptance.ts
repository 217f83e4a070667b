import { z } from 'zod';
import { sha256Schema } from './bundle.js';
import { canonicalJson } from './canonical-json.js';
import type { FileEntry } from './commit.js';
import type { Sha256 } from './datum.js';
import { VIEWS } from './exam.js';

/**
 * That a person lets an exam pass a quality check although it would be refused or warned of. It holds for the files that
 * were looked at: once the exam's files are others, it says nothing.
 */
export const acceptanceSchema = z.strictObject({
  /** The check's code. */
  check: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'a check is lower-case letters, digits and "-"'),
  /** The view it is about; all of them, and what the views are looked at for together, where it is absent. */
  view: z.enum(VIEWS).optional(),
  /** Where the reason lies: apart from all that is for ever, so that it can be erased with the exam. */
  reasonId: z.uuid().optional(),
  /** The reason itself, in acceptances of builds that kept it here. */
  reason: z.string().optional(),
  author: z.string(),
  time: z.iso.datetime(),
  /** Digest of the exam's files as they were accepted. */
  files: sha256Schema,
});
export type Acceptance = z.infer<typeof acceptanceSchema>;

/** Why somebody lets an exam pass, in words. */
export const acceptanceReasonSchema = z.string().trim().min(1).max(1_000);

/** Acceptances by exam. */
export type Acceptances = Readonly<Record<string, readonly Acceptance[]>>;

/** The digest of an exam's files, by which an acceptance knows them. */
export const filesDigest = (files: readonly Pick<FileEntry, 'path' | 'sha256'>[], sha256: Sha256): string =>
  sha256(canonicalJson(Object.fromEntries(files.map((file) => [file.path, file.sha256]))));

/** How an accepted check is named in datum keys: `sharpness`, or `sharpness:L_CC` for one view. */
export const acceptedName = ({ check, view }: Pick<Acceptance, 'check' | 'view'>): string =>
  view === undefined ? check : `${check}:${view}`;

/** What is accepted of an exam as its files are now, ordered. */
export function acceptedOf(
  acceptances: Acceptances | undefined,
  exam: { readonly name: string; readonly files: readonly Pick<FileEntry, 'path' | 'sha256'>[] },
  sha256: Sha256,
): string[] {
  const own = acceptances?.[exam.name];
  if (own === undefined) return [];
  const digest = filesDigest(exam.files, sha256);
  return [...new Set(own.filter(({ files }) => files === digest).map(acceptedName))].sort();
}
