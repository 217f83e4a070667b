import { z } from 'zod';
import { sha256Schema } from './bundle.js';
import { branchNameSchema, fileEntrySchema, outcomeItemSchema, stageItemSchema } from './commit.js';
import { examIdSchema } from './exam.js';
import { stageGraphSchema } from './graph.js';
import { eraSchema } from './pipeline-document.js';

/** The names of exams, in an object of the bucket: a workflow's argument may have 2 MB at most. */
export const scopeListSchema = z.object({ exams: z.array(examIdSchema).min(1) });

/**
 * Which exams a job looks at: those whose results are not what is wanted, the failed ones, all, or some by name, given or
 * in a list in the bucket.
 */
export const scopeSchema = z.union([
  z.enum(['affected', 'failed', 'all']),
  z.array(examIdSchema).min(1),
  z.strictObject({ listedIn: z.string().min(1) }),
]);
export type Scope = z.infer<typeof scopeSchema>;
/** Whether a scope names its exams: then they are looked at whatever is known of them. */
export const isNamed = (scope: Scope): boolean => typeof scope !== 'string';

/** The argument of `processCommit`, small enough to type by hand. */
export const processCommitInputSchema = z.strictObject({
  branch: branchNameSchema.default('main'),
  /** The commit to bring up to date; the branch's newest when not given. Results land on the branch either way. */
  commit: sha256Schema.optional(),
  only: scopeSchema.default('affected'),
  /** How many exams are under way at once. More does not make it faster once the workers are busy. */
  window: z.number().int().min(1).max(1_000).default(50),
});
export type ProcessCommitInput = z.input<typeof processCommitInputSchema>;
export type ProcessCommitSettings = z.output<typeof processCommitInputSchema>;

/** What became of one stage of one exam in a job. `blocked`: a stage upstream of it failed. */
export const stageStatusSchema = z.enum(['computed', 'skipped', 'failed', 'blocked']);
export type StageStatus = z.infer<typeof stageStatusSchema>;

/** `jobs/<job>/settings.json`: what every page and every datum of the job has in common. Never changes. */
export const jobSettingsSchema = z.object({
  schemaVersion: z.literal(1),
  job: z.string(),
  /** Temporal's first run id: tells two jobs apart that were started with the same workflow id. */
  run: z.string(),
  branch: z.string(),
  commit: sha256Schema,
  sequence: z.number().int(),
  only: scopeSchema,
  graph: stageGraphSchema,
  eras: z.array(eraSchema),
  plannedAt: z.iso.datetime(),
});
export type JobSettings = z.infer<typeof jobSettingsSchema>;

/** One exam that the job has to look at. */
export const plannedExamSchema = z.object({
  exam: z.string(),
  files: z.array(fileEntrySchema),
  /** Index into the job's eras: which models apply. */
  era: z.number().int().nonnegative(),
  wanted: sha256Schema,
  /** It had results before, made from something else: new scans go first. */
  replay: z.boolean(),
  /** Quality checks that a person lets the exam pass. Absent when there are none. */
  accepted: z.array(z.string()).optional(),
  /** Policies for the pixels of the devices that its DICOM objects come from. Absent for a folder of pictures. */
  pixels: z.string().optional(),
  /** Something of its results is known to be damaged or gone: known results do not do, and every file is read. */
  mend: z.boolean().optional(),
});
export type PlannedExam = z.infer<typeof plannedExamSchema>;
export const jobPageSchema = z.object({ exams: z.array(plannedExamSchema) });

/** What planning found, small enough for a workflow's history. */
export interface Plan {
  readonly branch: string;
  readonly commit: string;
  readonly sequence: number;
  /** Exams in scope. */
  readonly exams: number;
  /** Exams that need a child workflow. */
  readonly planned: number;
  readonly pages: number;
  /** Exams in scope whose results are already what is wanted. */
  readonly upToDate: number;
  /** Exams in scope known to fail for the same inputs, and not tried again. */
  readonly knownFailed: number;
  readonly bundles: readonly string[];
  /** The job that made the present results, when there is nothing to do. */
  readonly earlierJob?: string;
  readonly graph: readonly GraphNode[];
  /** How many pages are looked at for known results in one go. Absent in plans of builds before it was settable. */
  readonly pagesAtOnce?: number;
}

/** What the workflow needs to know of a stage. */
export interface GraphNode {
  readonly name: string;
  readonly taskQueue: string;
  readonly resource: string;
  /** Upstream stages. */
  readonly upstream: readonly string[];
  /** Gates: stages that must have succeeded first. Absent in plans of builds before there were any. */
  readonly after?: readonly string[] | undefined;
}

/** The argument of `processExam`. */
export const processExamInputSchema = z.strictObject({
  job: z.string().min(1),
  page: z.number().int().nonnegative(),
  exam: examIdSchema,
  bundle: z.string(),
  graph: z.array(
    z.strictObject({
      name: z.string(),
      taskQueue: z.string(),
      resource: z.string(),
      upstream: z.array(z.string()),
      after: z.array(z.string()).optional(),
    }),
  ),
  /** Workflow to tell when the exam is finished. */
  parent: z.string().optional(),
});
export type ProcessExamInput = z.infer<typeof processExamInputSchema>;

/** What became of one stage, as `processExam` knows it. */
export interface StageReport {
  readonly status: StageStatus;
  /** For `computed` and `skipped`. */
  readonly datum?: string;
  /** For `failed`: the sentence that says why. */
  readonly reason?: string;
  /** For `failed`: the code of the error, where it had one. */
  readonly code?: string;
  /** Codes of what a quality stage warns of. */
  readonly warnings?: readonly string[];
}

/** What `processExam` tells its parent and returns. */
export interface ExamReport {
  readonly exam: string;
  /** `forgotten`: it was erased meanwhile, and counts no more. */
  readonly outcome: 'processed' | 'skipped' | 'failed' | 'forgotten';
  readonly stages: Readonly<Record<string, StageStatus>>;
  readonly reason?: string;
}

/** `jobs/<job>/outcomes/<exam>.json`: all that landing an exam's results needs. */
export const examOutcomeSchema = z.object({
  schemaVersion: z.literal(1),
  outcome: outcomeItemSchema,
  statuses: z.record(z.string(), stageStatusSchema),
  stages: z.record(z.string(), stageItemSchema),
});
export type ExamOutcome = z.infer<typeof examOutcomeSchema>;

export const JOB_STATUSES = ['running', 'completed', 'failed', 'cancelled'] as const;

const count = z.number().int().nonnegative();
export const stageCountsSchema = z.object({ computed: count, skipped: count, failed: count, blocked: count });
export type StageCounts = z.infer<typeof stageCountsSchema>;

/** What a job has done so far, or in the end. The counts of exams add up to all exams in scope once it has ended. */
export const jobSummarySchema = z.object({
  job: z.string(),
  status: z.enum(JOB_STATUSES),
  branch: z.string(),
  /** The commit whose wants the job brought about; after landing, the newest commit that the job made. */
  commit: z.string(),
  exams: z.object({ processed: count, skipped: count, failed: count }),
  /** Exams in scope. */
  total: count,
  stages: z.record(z.string(), stageCountsSchema),
  bundles: z.array(z.string()),
  /** Finished exams whose results were not committed, because something newer is wanted of them meanwhile. */
  dropped: count,
  /** Of the failed exams, those that failed before this job and were not tried again, because nothing changed. */
  failedBefore: count.optional(),
  /** Exams that were erased while the job had them. They are not in `total`. */
  forgotten: count.optional(),
  /** One sentence for a job that failed as a whole. */
  reason: z.string().optional(),
  startedAt: z.string().optional(),
  finishedAt: z.string().optional(),
});
export type JobSummary = z.infer<typeof jobSummarySchema>;

export const NO_STAGE_COUNTS: StageCounts = { computed: 0, skipped: 0, failed: 0, blocked: 0 };
