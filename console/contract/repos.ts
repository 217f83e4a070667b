import { z } from 'zod';
import { branchNameSchema } from '../../pipeline/commit.js';
import { stageNameSchema } from '../../pipeline/graph.js';
import {
  branchSchema,
  commitRowSchema,
  committedSchema,
  cursorSchema,
  expectedHeadSchema,
  fileSchema,
  limitSchema,
  messageSchema,
  refSchema,
  stringsSchema,
} from './common.js';

const holdSchema = z.object({ since: z.string(), author: z.string(), reason: z.string().optional() });
export const branchRowSchema = z.object({
  branch: z.string(),
  commit: z.string(),
  sequence: z.number(),
  time: z.string(),
  message: z.string(),
  hold: holdSchema.optional(),
});
export type BranchRow = z.infer<typeof branchRowSchema>;
export const branchesSchema = z.object({ items: z.array(branchRowSchema) });
export const branchPointSchema = z.object({ branch: z.string(), commit: z.string() });

export const createBranchSchema = z.object({ branch: branchNameSchema, ref: refSchema });
export const moveBranchSchema = z.object({ ref: z.string().min(1).max(300), head: expectedHeadSchema });
export const movedSchema = committedSchema.extend({ branch: z.string(), from: z.string() });
export const holdBranchSchema = z.object({ reason: z.string().trim().min(1).max(500).optional() });
export const heldSchema = z.object({
  branch: z.string(),
  hold: holdSchema.nullable(),
  job: z.string().nullable(),
});

export const commitsQuerySchema = z.object({
  ref: refSchema,
  repo: stageNameSchema.optional(),
  /** Leave out commits that only hold results of jobs. */
  withoutResults: z.stringbool().default(false),
  limit: limitSchema(200, 50),
  after: cursorSchema.optional(),
});
export const commitsPageSchema = z.object({ items: z.array(commitRowSchema), next: cursorSchema.optional() });

export const reposQuerySchema = z.object({ ref: refSchema });
export const reposSchema = z.object({
  commit: z.string(),
  sequence: z.number(),
  items: z.array(
    z.object({
      repo: z.string(),
      /** Exams, models or the pipeline, which people fill; or a stage's. */
      kind: z.enum(['input', 'stage']),
      items: z.number(),
      files: z.number(),
      bytes: z.number(),
    }),
  ),
});

export const itemsQuerySchema = z.object({
  ref: refSchema,
  limit: limitSchema(500, 100),
  after: cursorSchema.optional(),
});
export const itemsPageSchema = z.object({
  items: z.array(z.object({ name: z.string(), files: z.number(), bytes: z.number(), erased: z.string().optional() })),
  total: z.number(),
  next: cursorSchema.optional(),
});
export const itemParameters = z.object({ repo: stageNameSchema, item: z.string().min(1).max(200) });
export const itemQuerySchema = z.object({ ref: refSchema });
export const itemSchema = z.object({
  name: z.string(),
  files: z.array(fileSchema),
  erased: z.string().optional(),
});

export const diffQuerySchema = z.object({
  ref: refSchema,
  /** The older state; the one before the last commit that changed the repo unless said. */
  since: z.string().min(1).max(300).optional(),
  limit: limitSchema(500, 100),
  after: cursorSchema.optional(),
});
export const diffPageSchema = z.object({
  items: z.array(
    z.object({
      name: z.string(),
      change: z.enum(['added', 'removed', 'changed']),
      /** Each with `+`, `-` or `~` before its name. */
      files: stringsSchema,
    }),
  ),
  next: cursorSchema.optional(),
});

export const revertSchema = z.object({
  /** A commit of the branch, or `<branch>~<n>`. */
  ref: z.string().min(1).max(300),
  branch: branchSchema,
  head: expectedHeadSchema,
  message: messageSchema,
});
export const revertedSchema = committedSchema.extend({
  repo: z.string(),
  revertedTo: z.string(),
  /** How many exams or bundles have other files now, and the first of them. */
  changed: z.number(),
  examples: stringsSchema,
});

/** What is asked about before it is done. */
export const previewSchema = z.discriminatedUnion('change', [
  z.object({
    change: z.literal('revert'),
    branch: branchSchema,
    repo: stageNameSchema,
    ref: z.string().min(1).max(300),
  }),
  z.object({ change: z.literal('move'), branch: branchSchema, ref: z.string().min(1).max(300) }),
  z.object({
    change: z.literal('model'),
    branch: branchSchema,
    bundle: z.string().min(1).max(300),
    for: z.enum(['all', 'new']),
  }),
  z.object({
    change: z.literal('stage'),
    branch: branchSchema,
    stage: stageNameSchema,
    parameters: z.record(z.string(), z.json()).optional(),
    queue: z.string().max(200).optional(),
    version: z.string().max(200).optional(),
    reset: z.boolean().optional(),
  }),
  /** What a job on the branch as it is would compute. */
  z.object({
    change: z.literal('process'),
    branch: branchSchema,
    only: z.enum(['affected', 'failed', 'all']).default('affected'),
  }),
]);
export type PreviewRequest = z.input<typeof previewSchema>;

export const previewedSchema = z.object({
  /** The branch's head that this was worked out for: pass it as `head` with the change. */
  head: z.string(),
  /** "432 exams, 2 stages, about 40 minutes at the current rate; 1,180 known already." */
  sentence: z.string(),
  /** Exams that the state after the change has. */
  total: z.number(),
  /** Exams for which something has to be computed. */
  compute: z.number(),
  /** Exams that want other results, all of which are known. */
  known: z.number(),
  /** Exams whose results stay as they are. */
  unchanged: z.number(),
  /** Exams that have no results and will fail again, because their own files are at fault. */
  failing: z.number(),
  /** Exams, bundles or settings that come, go or change, in the repos that people fill. */
  inputs: z.object({ added: z.number(), removed: z.number(), changed: z.number() }),
  /** Stages that have to be computed, for how many exams. `after`: only if what is before them changes. */
  stages: z.array(z.object({ stage: z.string(), exams: z.number(), after: z.boolean() })),
  /** At the rate of the newest results; null when nothing was computed yet. */
  seconds: z.number().nullable(),
});
export type Previewed = z.infer<typeof previewedSchema>;
