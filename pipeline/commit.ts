import { z } from 'zod';
import { sha256Schema } from './bundle.js';

/** Repos filled by people, in contrast to the stage repos, which jobs fill. */
export const INPUT_REPOS = ['exams', 'models', 'pipeline'] as const;
export type InputRepo = (typeof INPUT_REPOS)[number];

/**
 * The tree of what became of each exam: kept in every commit beside the repos, so that `failed` and its reason travel
 * with the results they belong to. It holds no files.
 */
export const OUTCOMES = 'outcomes';

/** A folder or file name that stays where it is put: no separators, no control characters, not `.` or `..`. */
const plainName = /^(?!\.{1,2}$)[^/\\\p{Cc}]+$/u;
const plainNameSchema = z.string().regex(plainName, 'expected a plain name, without "/", "\\" and not ".."');
/** Names with `/` between them. Trees are written to local disk by `get`, so a path must not lead out of its item. */
const plainPathSchema = z
  .string()
  .refine((path) => path.split('/').every((name) => plainName.test(name)), 'expected a relative path without ".."');

/** One committed file: an object version that never changes, with what is needed to read and to verify it. */
export const fileEntrySchema = z.strictObject({
  /** Path inside its item, e.g. `L_CC.png`. */
  path: plainPathSchema,
  key: z.string().min(1),
  versionId: z.string().min(1),
  sha256: sha256Schema,
  size: z.number().int().nonnegative(),
  etag: z.string().min(1),
});
export type FileEntry = z.infer<typeof fileEntrySchema>;

/** The root of one repo's tree in a commit. An empty repo has `tree: null`. */
export const treeRootSchema = z.strictObject({
  tree: sha256Schema.nullable(),
  items: z.number().int().nonnegative(),
  files: z.number().int().nonnegative(),
  bytes: z.number().int().nonnegative(),
});
export type TreeRoot = z.infer<typeof treeRootSchema>;
export const EMPTY_ROOT: TreeRoot = { tree: null, items: 0, files: 0, bytes: 0 };

/** What made a commit. */
export const commitOriginSchema = z.union([
  z.strictObject({ kind: z.enum(['init', 'put', 'remove', 'revert', 'models', 'stage', 'accept']) }),
  /** From the inbox. `batch` is known before anything is copied, so that a second attempt finds the first one's commit. */
  z.strictObject({ kind: z.literal('take-in'), batch: z.string().optional() }),
  z.strictObject({ kind: z.literal('job'), job: z.string() }),
]);
export type CommitOrigin = z.infer<typeof commitOriginSchema>;

/** An immutable snapshot of all repos. Its id is the SHA-256 of its canonical JSON. */
export const commitSchema = z.strictObject({
  schemaVersion: z.literal(1),
  parent: sha256Schema.nullable(),
  /** 0 for the first commit, parent's plus one after that. */
  sequence: z.number().int().nonnegative(),
  time: z.iso.datetime(),
  author: z.string(),
  message: z.string(),
  by: commitOriginSchema,
  /** The input repos, `outcomes`, and one root per stage that has ever had output. */
  roots: z.record(z.string(), treeRootSchema),
});
export type CommitContent = z.infer<typeof commitSchema>;
export interface Commit extends CommitContent {
  readonly id: string;
}

export const branchNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'a branch name is 1 to 63 letters, digits, ".", "_" or "-"');
export const DEFAULT_BRANCH = 'main';

/** Since when, and for whom, a branch is on hold: what is committed to it starts no job by itself. */
export const holdSchema = z.strictObject({
  since: z.iso.datetime(),
  author: z.string(),
  reason: z.string().optional(),
});
export type Hold = z.infer<typeof holdSchema>;

/** A named folder in a repo, such as one exam: the unit of change, of diff and of planning. */
export interface TreeItem {
  readonly name: string;
  readonly files: readonly FileEntry[];
}

/** An item of `exams`, `models` or `pipeline`. */
export const inputItemSchema = z.strictObject({
  name: plainNameSchema,
  files: z.array(fileEntrySchema),
  /** Sequence number of the commit in which these files last changed: decides which era, hence which bundle, applies. */
  since: z.number().int().nonnegative(),
});
export type InputItem = z.infer<typeof inputItemSchema>;

/** An item of a stage repo: one datum's output. */
export const stageItemSchema = z.strictObject({
  name: plainNameSchema,
  files: z.array(fileEntrySchema),
  datum: sha256Schema,
  /** The job that computed it, which for a skipped datum is an earlier one. */
  job: z.string(),
});
export type StageItem = z.infer<typeof stageItemSchema>;

/** An item of `outcomes`. */
export const outcomeItemSchema = z.strictObject({
  name: plainNameSchema,
  files: z.array(fileEntrySchema).max(0),
  /** What the results were made for; when the exam's wanted hash differs, they no longer belong to it. */
  wanted: sha256Schema,
  /** Digest of the stages (versions, parameters, order) that made them. */
  graph: sha256Schema,
  outcome: z.enum(['processed', 'failed']),
  bundle: z.string(),
  job: z.string(),
  /** For `failed`: the stage and the sentence that says why. */
  stage: z.string().optional(),
  reason: z.string().optional(),
});
export type OutcomeItem = z.infer<typeof outcomeItemSchema>;
