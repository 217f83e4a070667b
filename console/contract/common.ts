import { z } from 'zod';
import { branchNameSchema, DEFAULT_BRANCH, fileEntrySchema } from '../../pipeline/commit.js';
import { examIdSchema, VIEWS } from '../../pipeline/exam.js';
import { stageNameSchema } from '../../pipeline/graph.js';

/** What every answer but a good one holds. */
export const errorSchema = z.object({
  error: z.object({
    /** Never changes once released: a code of `pipeline/errors.ts`, or one of the HTTP side below. */
    code: z.string(),
    message: z.string(),
    /** What to do about it. */
    next: z.string().optional(),
  }),
});
export type ErrorAnswer = z.infer<typeof errorSchema>;

/** Codes of errors that only HTTP has. */
export const HTTP_CODES = [
  'unauthenticated',
  'token-expired',
  'forbidden',
  'csrf',
  'too-many-requests',
  'too-large',
  'overloaded',
  'not-acceptable',
  'unsupported-media-type',
  'offset-mismatch',
  'internal',
] as const;

export const examParameter = z.object({ exam: examIdSchema });
export const branchParameter = z.object({ branch: branchNameSchema });
export const repoParameter = z.object({ repo: stageNameSchema });

/** A commit, a branch, `branch~n`, or a job that has ended. */
export const refSchema = z.string().min(1).max(300).default(DEFAULT_BRANCH);
export const branchSchema = branchNameSchema.default(DEFAULT_BRANCH);
export const viewSchema = z.enum(VIEWS);

/** `page` numbers of a query come as text. */
export const limitSchema = (most: number, usual: number) => z.coerce.number().int().min(1).max(most).default(usual);

/** Where the next page goes on: opaque, and given back as it came. Absent at the end. */
export const cursorSchema = z.string().max(1_000);

/**
 * The head that the reader had seen. A change is refused with `branch-moved` (409) when the branch has moved on, so that two
 * people who change the same thing see each other. Left out, the change applies to whatever is newest.
 */
export const expectedHeadSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .optional();
export const messageSchema = z.string().trim().min(1).max(1_000).optional();

/** What a change committed, and the job that follows; null where there was nothing to commit or to do. */
export const committedSchema = z.object({
  commit: z.string().nullable(),
  job: z.string().nullable(),
  /** The branch is on hold, so there is no job. */
  held: z.literal(true).optional(),
});

export const commitRowSchema = z.object({
  commit: z.string(),
  sequence: z.number(),
  parent: z.string().nullable(),
  time: z.string(),
  author: z.string(),
  message: z.string(),
  /** What made it; `job` for the results of a job. */
  by: z.object({ kind: z.string(), job: z.string().optional(), batch: z.string().optional() }),
});
export type CommitRow = z.infer<typeof commitRowSchema>;

const { path, key, versionId, sha256, size } = fileEntrySchema.shape;
export const fileSchema = z.object({ path, key, versionId, sha256, size });
export const stringsSchema = z.array(z.string());
