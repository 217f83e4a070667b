import { z } from 'zod';
import { examIdSchema } from '../../pipeline/exam.js';
import { branchSchema, committedSchema, limitSchema, messageSchema } from './common.js';
import { UPLOAD_LIMITS } from './words.js';

export const inboxQuerySchema = z.object({ branch: branchSchema, limit: limitSchema(1_000, 200) });
export const waitingItemSchema = z.object({
  repo: z.enum(['exams', 'models', 'dicom']),
  name: z.string(),
  state: z.enum(['ready', 'settling', 'incomplete', 'refused']),
  here: z.array(z.string()),
  missing: z.array(z.string()),
  since: z.string(),
  readyAt: z.string().optional(),
  correction: z.boolean(),
  overdue: z.boolean(),
  apartSeconds: z.number().optional(),
  /** What it waits for, or why it is refused. */
  sentence: z.string(),
});
export type WaitingItem = z.infer<typeof waitingItemSchema>;
export const inboxSchema = z.object({
  branch: z.string(),
  lookedAt: z.string(),
  counts: z.record(z.string(), z.number()),
  overdue: z.number(),
  items: z.array(waitingItemSchema),
  stray: z.object({ files: z.number(), examples: z.array(z.string()) }),
});
export const lookedSchema = z.object({ branch: z.string() });
export const dismissSchema = z.object({
  repo: z.enum(['exams', 'models', 'dicom']).default('exams'),
  names: z.array(examIdSchema).min(1).max(200),
});
export const dismissedSchema = z.object({
  dismissed: z.array(z.object({ name: z.string(), keys: z.array(z.string()) })),
});

/**
 * Uploading: `beginUpload` names all files with their sizes and answers with what is wrong that can be seen by names and
 * sizes; each file is sent with `sendFile`, in pieces if it likes, and goes on after a lost connection from `received`; an
 * exam whose files are all there is opened and checked; `commitUpload` puts the good ones in one commit.
 */

/** The folder and the file name as the page has them: what is wrong with them is said in the answer, and not by a 400. */
const uploadFileSchema = z.object({
  exam: z.string().min(1).max(255),
  file: z.string().min(1).max(255),
  size: z.number().int().nonnegative(),
});
export const beginUploadSchema = z.object({
  files: z.array(uploadFileSchema).min(1).max(UPLOAD_LIMITS.files),
  branch: branchSchema,
});
export const uploadParameter = z.object({ upload: z.string().regex(/^[0-9a-f]{32}$/) });

export const uploadExamSchema = z.object({
  exam: z.string(),
  /** `expecting` more bytes, being `checking`ed, `good`, or `refused` with a reason; `committed` in the end. */
  state: z.enum(['expecting', 'checking', 'good', 'refused', 'committed']),
  reason: z.string().optional(),
  /** It is committed already with other files, which these replace. */
  replaces: z.boolean(),
  files: z.array(
    z.object({
      file: z.string(),
      size: z.number(),
      /** Bytes that are here: where `sendFile` goes on. */
      received: z.number(),
    }),
  ),
});
export type UploadExam = z.infer<typeof uploadExamSchema>;
export const uploadSchema = z.object({
  upload: z.string(),
  branch: z.string(),
  author: z.string(),
  began: z.string(),
  exams: z.array(uploadExamSchema),
  /** Files that are no part of an exam: they are not sent. */
  leftOut: z.array(z.string()),
  received: z.number(),
  size: z.number(),
  /** Set when it has been committed. */
  outcome: committedSchema.nullable(),
  /** `commitUpload` at work: exams and files that are stored. */
  storing: z.object({ done: z.number(), of: z.number() }).nullable(),
});
export type Upload = z.infer<typeof uploadSchema>;
export const uploadsSchema = z.object({ items: z.array(uploadSchema) });
/** `into`: a commit at once, or the inbox, from where it is taken in as what others send is. */
export const commitUploadSchema = z.object({
  message: messageSchema,
  into: z.enum(['commit', 'inbox']).default('commit'),
});
export const committedUploadSchema = committedSchema.extend({
  exams: z.array(z.string()),
  refused: z.array(z.object({ exam: z.string(), reason: z.string() })),
});
export const abandonedSchema = z.object({ upload: z.string() });
