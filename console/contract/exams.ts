import { z } from 'zod';
import { LABELS, labelProbabilitiesSchema, VARIANTS } from '../../pipeline/predictions.js';
import {
  commitRowSchema,
  cursorSchema,
  fileSchema,
  limitSchema,
  refSchema,
  stringsSchema,
  viewSchema,
} from './common.js';
import { EXAM_SORTS, EXAM_STATES } from './words.js';

export const examStateSchema = z.enum(EXAM_STATES);
export type ExamState = z.infer<typeof examStateSchema>;

export const warningSchema = z.object({ code: z.string(), view: viewSchema.optional(), message: z.string() });

export const examRowSchema = z.object({
  exam: z.string(),
  state: examStateSchema,
  /** Why, in one sentence, for every state but `done` and `running`. */
  reason: z.string().optional(),
  /** For `running` where it is known, and for `failed`. */
  stage: z.string().optional(),
  /** When its files were committed (or came into the inbox), ISO 8601. */
  arrived: z.string().nullable(),
  bundle: z.string().nullable(),
  job: z.string().nullable(),
  /** Those of `stale` are of what was wanted before. */
  image: labelProbabilitiesSchema.nullable(),
  imageheatmaps: labelProbabilitiesSchema.nullable(),
  /** The bundle's notice, e.g. that its weights are random. */
  notice: z.string().optional(),
  warnings: z.array(warningSchema),
});
export type ExamRow = z.infer<typeof examRowSchema>;

const listOf = <T extends z.ZodType>(item: T) => z.union([z.array(item), item.transform((one) => [one])]).optional();

export const examsQuerySchema = z.object({
  ref: refSchema,
  /** As that job saw them. */
  job: z.string().min(1).max(300).optional(),
  /** A part of the exam's id, whatever its case. */
  search: z.string().max(128).optional(),
  /** May be given several times. */
  state: listOf(examStateSchema),
  bundle: z.string().max(128).optional(),
  /** Only exams whose probability of `label` is at or above this. */
  threshold: z.coerce.number().min(0).max(1).optional(),
  /** What `threshold`, `highest` and `lowest` look at; the highest of all four unless said. */
  label: z.enum(LABELS).optional(),
  variant: z.enum(VARIANTS).default('imageheatmaps'),
  sort: z.enum(EXAM_SORTS).default('newest'),
  limit: limitSchema(500, 100),
  after: cursorSchema.optional(),
  /** The row that the page begins with, from 0, for lists that one scrolls through; not together with `after`. */
  at: z.coerce.number().int().min(0).optional(),
});
export type ExamsQuery = z.input<typeof examsQuerySchema>;

export const examsPageSchema = z.object({
  commit: z.string().nullable(),
  sequence: z.number().nullable(),
  items: z.array(examRowSchema),
  /** Of all that the filter leaves, on every page. */
  total: z.number(),
  /** Of all exams but for the filter's `state`. */
  counts: z.partialRecord(examStateSchema, z.number()),
  bundles: stringsSchema,
  /** Pass as `after`; absent on the last page. */
  next: cursorSchema.optional(),
});
export type ExamsPage = z.infer<typeof examsPageSchema>;

export const examQuerySchema = z.object({ ref: refSchema });

const point = z.tuple([z.number(), z.number()]);

/** One of the four views as it can be shown. Positions are rows and columns of pixels as they lie on disk. */
export const examViewSchema = z.object({
  view: viewSchema,
  /** The view as it was put, or as it was read from DICOM objects; null when there is none (yet). */
  original: fileSchema.nullable(),
  /** What `crop` cut out of it, and where: rows `[top, bottom)`, columns `[left, right)` of the original. */
  cropped: fileSchema.nullable(),
  crop: z.object({ top: z.number(), bottom: z.number(), left: z.number(), right: z.number() }).nullable(),
  /** Rows and columns of the original, and of the cropped view. */
  size: point.nullable(),
  croppedSize: point.nullable(),
  /** Where the classifier looks, in the cropped view: the window's centre and its rows and columns. */
  bestCenter: z.object({ center: point, window: point, top: z.number(), left: z.number() }).nullable(),
  /** float32 planes of the cropped view's size, by `heatmapUrl`. */
  heatmap: fileSchema.nullable(),
  /** Whether left and right are exchanged on disk as against how radiologists hang them (chest walls together). */
  mirror: z.boolean(),
  warnings: z.array(warningSchema),
});
export type ExamView = z.infer<typeof examViewSchema>;

export const stageExplanationSchema = z.object({
  stage: z.string(),
  status: z.enum(['computed', 'skipped', 'failed', 'blocked']),
  why: stringsSchema,
  version: z.string().optional(),
  parameters: z.record(z.string(), z.json()).optional(),
  datum: z.string().optional(),
  inputs: z.array(
    z.object({
      repo: z.string(),
      path: z.string(),
      sha256: z.string(),
      key: z.string().optional(),
      versionId: z.string().optional(),
    }),
  ),
  models: z.array(
    z.object({
      role: z.string(),
      sha256: z.string(),
      bundle: z.string().optional(),
      path: z.string().optional(),
      key: z.string().optional(),
      versionId: z.string().optional(),
    }),
  ),
  files: z.array(fileSchema),
  job: z.string().optional(),
  /** Worker build, host, execution provider and the like. */
  provenance: z.record(z.string(), z.json()).optional(),
  startedAt: z.string().optional(),
  finishedAt: z.string().optional(),
  seconds: z.number().optional(),
  /** The run of this exam in the Temporal Web UI, where it was computed. */
  temporal: z.string().optional(),
});
export type StageExplanation = z.infer<typeof stageExplanationSchema>;

export const examDetailSchema = z.object({
  exam: z.string(),
  commit: z.object({ id: z.string(), sequence: z.number(), time: z.string() }),
  row: examRowSchema,
  views: z.array(examViewSchema).length(4),
  stages: z.array(stageExplanationSchema),
  /** The commit that brought these results. */
  landed: z
    .object({ commit: z.string(), sequence: z.number(), time: z.string(), job: z.string().optional() })
    .nullable(),
  /** In the Temporal Web UI. */
  temporal: z.string().nullable(),
});
export type ExamDetail = z.infer<typeof examDetailSchema>;

export const examHistoryQuerySchema = z.object({
  ref: refSchema,
  limit: limitSchema(200, 50),
  after: cursorSchema.optional(),
});
/** Commits that changed the exam's files, its outcome or its results, newest first: each can be opened with `ref`. */
export const examHistorySchema = z.object({
  items: z.array(
    commitRowSchema.extend({
      /** What changed of this exam in it. */
      changed: z.array(z.enum(['files', 'results', 'outcome'])),
      outcome: z.enum(['processed', 'failed']).nullable(),
      bundle: z.string().nullable(),
      image: labelProbabilitiesSchema.nullable(),
      imageheatmaps: labelProbabilitiesSchema.nullable(),
    }),
  ),
  next: cursorSchema.optional(),
});
