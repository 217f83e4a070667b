import { z } from 'zod';
import { examIdSchema } from '../../pipeline/exam.js';
import { branchSchema, cursorSchema, limitSchema } from './common.js';

/** Temporal's workflow id. */
export const jobParameter = z.object({ job: z.string().min(1).max(300) });
const count = z.number();

export const jobRowSchema = z.object({
  job: z.string(),
  /** `running`, `completed`, `failed`, `cancelled`, or Temporal's word for another end. */
  status: z.string(),
  branch: z.string(),
  /** Of the job, however many runs it has continued as. */
  started: z.string(),
  ended: z.string().optional(),
  seconds: count,
  exams: z.object({ processed: count, skipped: count, failed: count }),
  total: count,
});
export type JobRow = z.infer<typeof jobRowSchema>;
export const jobsQuerySchema = z.object({ limit: limitSchema(200, 50), after: cursorSchema.optional() });
export const jobsPageSchema = z.object({ items: z.array(jobRowSchema), next: cursorSchema.optional() });

export const jobDetailSchema = z.object({
  job: z.string(),
  status: z.enum(['running', 'completed', 'failed', 'cancelled']),
  reason: z.string().optional(),
  branch: z.string(),
  commit: z.string(),
  startedAt: z.string().optional(),
  finishedAt: z.string().optional(),
  bundles: z.array(z.string()),
  exams: z.object({ processed: count, skipped: count, failed: count }),
  /** Exams in scope; the counts above add up to it when the job has ended. */
  total: count,
  /** Results not committed because something newer was wanted. */
  dropped: count,
  /** In the order in which they run. */
  stages: z.array(
    z.object({
      stage: z.string(),
      computed: count,
      skipped: count,
      failed: count,
      blocked: count,
      /** Seconds a computed datum took, in the mean, and how many that is of. */
      seconds: z.number().optional(),
      measured: count,
    }),
  ),
  /** Exams a minute: while it runs, over the last minutes. */
  rate: z.number().nullable(),
  /** While it runs, at that rate. */
  secondsLeft: z.number().nullable(),
  /** What some exams are at now, while it runs. */
  underWay: z.array(
    z.object({
      /** Absent for a step of the job's own, such as planning. */
      exam: z.string().optional(),
      stage: z.string().optional(),
      step: z.string().optional(),
      retrying: z.string().optional(),
      attempt: z.number().optional(),
      since: z.string().optional(),
      next: z.string().optional(),
      waiting: z.string().optional(),
    }),
  ),
  /** Seconds of the exams that were looked at, in sum; null where records do not say. */
  time: z.object({
    exams: count,
    waiting: z.number().nullable(),
    fetching: z.number().nullable(),
    computing: z.number().nullable(),
    storing: z.number().nullable(),
  }),
  /** In the Temporal Web UI. */
  temporal: z.string().nullable(),
});
export type JobDetail = z.infer<typeof jobDetailSchema>;

/** `failed` first (by exam), then the `slowest`; `exam`: by exam id. */
export const jobExamsQuerySchema = z.object({
  outcome: z.enum(['processed', 'skipped', 'failed']).optional(),
  sort: z.enum(['failed', 'slowest', 'exam']).default('failed'),
  limit: limitSchema(500, 100),
  after: cursorSchema.optional(),
});
export const jobExamSchema = z.object({
  exam: z.string(),
  outcome: z.enum(['processed', 'skipped', 'failed']),
  stage: z.string().optional(),
  reason: z.string().optional(),
  bundle: z.string(),
  /** Of its computed stages, in sum; null where nothing was computed. */
  seconds: z.number().nullable(),
  stages: z.array(
    z.object({ stage: z.string(), status: z.string(), seconds: z.number().optional(), why: z.string().optional() }),
  ),
  temporal: z.string().nullable(),
});
export type JobExam = z.infer<typeof jobExamSchema>;
export const jobExamsPageSchema = z.object({
  items: z.array(jobExamSchema),
  total: count,
  next: cursorSchema.optional(),
});

export const startJobSchema = z.object({
  branch: branchSchema,
  only: z.union([z.enum(['affected', 'failed', 'all']), z.array(examIdSchema).min(1).max(1_000)]).default('affected'),
});
export const startedJobSchema = z.object({ job: z.string() });
/** The exams to try again; all that failed in this job unless said. */
export const retryJobSchema = z.object({ exams: z.array(examIdSchema).min(1).max(1_000).optional() });
export const cancelledJobSchema = z.object({ job: z.string(), status: z.string() });
