import { z } from 'zod';
import { bundleSchema } from '../../pipeline/bundle.js';
import { branchSchema, committedSchema, expectedHeadSchema, messageSchema, refSchema } from './common.js';

export const modelRowSchema = z.object({
  bundle: z.string(),
  /** `removed` or `replaced`: used by the pipeline although the state no longer has it so. */
  state: z.string(),
  /** New and changed exams use it. */
  current: z.boolean(),
  /** In use for exams that changed in commits `fromSequence` up to, and not including, `untilSequence`. */
  uses: z.array(
    z.object({
      fromSequence: z.number(),
      untilSequence: z.number().optional(),
      since: z.string().nullable(),
      exams: z.number().nullable(),
    }),
  ),
  commit: z.string().nullable(),
  sequence: z.number().nullable(),
  time: z.string().nullable(),
  metrics: z.record(z.string(), z.number()),
  notice: z.string().optional(),
});
export type ModelRow = z.infer<typeof modelRowSchema>;
export const modelsQuerySchema = z.object({ ref: refSchema });
export const modelsSchema = z.object({ items: z.array(modelRowSchema) });
export const modelParameter = z.object({ bundle: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/) });
export const modelSchema = modelRowSchema.extend({ card: bundleSchema });
export type ModelDetail = z.infer<typeof modelSchema>;

export const useModelSchema = z.object({
  for: z.enum(['all', 'new']),
  branch: branchSchema,
  head: expectedHeadSchema,
  message: messageSchema,
});
export const usedModelSchema = committedSchema.extend({ bundle: z.string(), for: z.enum(['all', 'new']) });
