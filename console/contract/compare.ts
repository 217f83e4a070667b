import { z } from 'zod';
import { HEATMAP_CLASSES } from '../../pipeline/heatmaps.js';
import { LABELS, VARIANTS } from '../../pipeline/predictions.js';
import { limitSchema, viewSchema } from './common.js';
import { examDetailSchema } from './exams.js';

/** A commit, a branch, `branch~n`, a job that has ended, or `bundle:<name>` for the last state in which it was in use. */
const sideSchema = z.string().min(1).max(300);

export const compareQuerySchema = z.object({
  before: sideSchema,
  after: sideSchema,
  label: z.enum(LABELS).default('left_malignant'),
  variant: z.enum(VARIANTS).default('imageheatmaps'),
  /** Who crossed it is listed; a value at it is above. */
  threshold: z.coerce.number().min(0).max(1).default(0.5),
  /** How many points of the scatter at most; the greatest movers are always among them. */
  points: limitSchema(20_000, 5_000),
  /** How many movers, and how many that crossed. */
  limit: limitSchema(1_000, 100),
});
export type CompareQuery = z.input<typeof compareQuerySchema>;

const stateSchema = z.object({ commit: z.string(), sequence: z.number(), time: z.string() });
const moveSchema = z.object({
  exam: z.string(),
  variant: z.enum(VARIANTS),
  label: z.enum(LABELS),
  before: z.number(),
  after: z.number(),
  change: z.number(),
});
export type Move = z.infer<typeof moveSchema>;

export const comparisonSchema = z.object({
  before: stateSchema,
  after: stateSchema,
  /** Exams whose results are the same datum in both. */
  equal: z.number(),
  /** Exams whose results differ. */
  differ: z.number(),
  onlyBefore: z.number(),
  onlyAfter: z.number(),
  /** Without predictions on one side; the first of them, and why. */
  uncompared: z.object({
    count: z.number(),
    items: z.array(z.object({ exam: z.string(), before: z.string().optional(), after: z.string().optional() })),
  }),
  bundles: z.array(z.object({ before: z.string(), after: z.string(), exams: z.number() })),
  /** Of the chosen label and classifier, of exams that differ: `before[i]` and `after[i]` are of `exams[i]`. */
  points: z.object({
    exams: z.array(z.string()),
    before: z.array(z.number()),
    after: z.array(z.number()),
    /** Of how many these are a part. */
    of: z.number(),
  }),
  /** For every label and classifier, of all exams that differ. */
  distributions: z.array(
    z.object({
      variant: z.enum(VARIANTS),
      label: z.enum(LABELS),
      count: z.number(),
      mean: z.number().optional(),
      median: z.number().optional(),
      p5: z.number().optional(),
      p95: z.number().optional(),
      greatest: z.number().optional(),
      /** Of |change|. */
      histogram: z.array(z.object({ from: z.number(), to: z.number(), count: z.number() })),
      /** Of the change with its sign: equal bins from -1 to 1. */
      signed: z.array(z.number()),
      crossing: z.object({ up: z.number(), down: z.number() }),
    }),
  ),
  /** Greatest first, of the chosen label and classifier. */
  movers: z.array(moveSchema),
  /** Greatest first, of the chosen label and classifier. */
  crossings: z.array(moveSchema),
});
export type ConsoleComparison = z.infer<typeof comparisonSchema>;

export const compareExamQuerySchema = z.object({ before: sideSchema, after: sideSchema });
export const compareExamSchema = z.object({
  /** Null where the state has no such exam. */
  before: examDetailSchema.nullable(),
  after: examDetailSchema.nullable(),
  /** Of heatmaps whose bytes differ. */
  heatmaps: z.array(
    z.object({
      view: viewSchema,
      class: z.enum(HEATMAP_CLASSES),
      /** Mean and greatest absolute difference, and where the greatest is (row, column on disk). */
      mean: z.number().optional(),
      max: z.number().optional(),
      at: z.tuple([z.number(), z.number()]).optional(),
      /** Why they cannot be compared, e.g. that their sizes differ. */
      reason: z.string().optional(),
    }),
  ),
  /** Why heatmaps could not be read at all: gone or damaged. */
  unreadable: z.string().optional(),
});
export type ExamComparison = z.infer<typeof compareExamSchema>;
