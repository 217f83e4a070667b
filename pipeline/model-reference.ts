import { z } from 'zod';

/** What is measured of the pixels inside a breast, apart from what any detector may choose (`imaging/quality`). */
export const PIXEL_STATISTICS = ['contrast', 'skewness', 'fineness', 'noise', 'levels'] as const;
export type PixelStatistic = (typeof PIXEL_STATISTICS)[number];

/**
 * What is measured of how the patch network answers to a view (`imaging/quality/response-statistics.ts`): quantiles of each
 * heatmap over the breast.
 */
export const RESPONSE_STATISTICS = ['benignMedian', 'benignUpper', 'malignantMedian', 'malignantUpper'] as const;
export type ResponseStatistic = (typeof RESPONSE_STATISTICS)[number];

const spreadSchema = z.strictObject({ mean: z.number(), deviation: z.number().positive() });
export type Spread = z.infer<typeof spreadSchema>;
const statisticsSchema = z.record(z.enum(PIXEL_STATISTICS), spreadSchema);

const responseSchema = z.record(z.enum(RESPONSE_STATISTICS), spreadSchema);

/** How the bundle's patch network answered to the views of these exams, or of some of them. */
export const responseReferenceSchema = z.strictObject({
  /** SHA-256 of that network: of another one it says nothing. */
  patch: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hexadecimal digits'),
  /** How many of the exams it was measured on: heatmaps take longer than looking at pixels. */
  exams: z.number().int().min(20),
  CC: responseSchema,
  MLO: responseSchema,
});
export type ResponseReference = z.infer<typeof responseReferenceSchema>;

/**
 * What the pictures were like that a model was made or accepted on: mean and standard deviation of each statistic over the
 * views of a position. Optional in `model.json`; without it nobody can say whether a picture is like them.
 */
export const modelReferenceSchema = z.strictObject({
  /** Which exams, in words. */
  description: z.string().min(1).max(200),
  exams: z.number().int().min(20),
  pixels: z.strictObject({ CC: statisticsSchema, MLO: statisticsSchema }),
  response: responseReferenceSchema.optional(),
});
export type ModelReference = z.infer<typeof modelReferenceSchema>;
