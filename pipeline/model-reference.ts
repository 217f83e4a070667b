import { z } from 'zod';

/** What is measured of the pixels inside a breast, apart from what any detector may choose (`imaging/quality`). */
export const PIXEL_STATISTICS = ['contrast', 'skewness', 'fineness', 'noise', 'levels'] as const;
export type PixelStatistic = (typeof PIXEL_STATISTICS)[number];

const spreadSchema = z.strictObject({ mean: z.number(), deviation: z.number().positive() });
const statisticsSchema = z.record(z.enum(PIXEL_STATISTICS), spreadSchema);

/**
 * What the pictures were like that a model was made or accepted on: mean and standard deviation of each statistic over the
 * views of a position. Optional in `model.json`; without it nobody can say whether a picture is like them.
 */
export const modelReferenceSchema = z.strictObject({
  /** Which exams, in words. */
  description: z.string().min(1).max(200),
  exams: z.number().int().min(20),
  pixels: z.strictObject({ CC: statisticsSchema, MLO: statisticsSchema }),
});
export type ModelReference = z.infer<typeof modelReferenceSchema>;
