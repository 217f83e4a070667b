import { z } from 'zod';
import { stageNameSchema } from '../../pipeline/graph.js';
import { branchSchema, committedSchema, expectedHeadSchema, messageSchema, refSchema } from './common.js';

export const stagesQuerySchema = z.object({ ref: refSchema });
export const stageRowSchema = z.object({
  stage: z.string(),
  version: z.string(),
  /** `cpu` or `gpu`. */
  class: z.string(),
  queue: z.string(),
  /** Repos that it reads: `exams` and other stages. With the names, all that drawing the graph needs. */
  upstream: z.array(z.string()),
  modelRoles: z.array(z.string()),
  parameters: z.record(z.string(), z.json()),
  defaults: z.record(z.string(), z.json()),
  /** JSON Schema of the parameters, for forms. */
  schema: z.record(z.string(), z.json()),
  /** What departs from this build's defaults, with those. */
  departs: z.object({
    version: z.string().optional(),
    queue: z.string().optional(),
    parameters: z.record(z.string(), z.json()),
  }),
  /** Who asked the queue for work lately; null when Temporal does not answer. */
  workers: z.array(z.object({ identity: z.string(), lastSeen: z.string() })).nullable(),
  /** Tasks that wait in the queue; null where the server does not say. */
  backlog: z.number().nullable(),
});
export type StageRow = z.infer<typeof stageRowSchema>;
export const stagesSchema = z.object({ head: z.string().nullable(), items: z.array(stageRowSchema) });

export const stageParameter = z.object({ stage: stageNameSchema });
export const setStageSchema = z.object({
  parameters: z.record(z.string(), z.json()).optional(),
  queue: z.string().max(200).optional(),
  version: z.string().max(200).optional(),
  /** First go back to the defaults. */
  reset: z.boolean().optional(),
  branch: branchSchema,
  head: expectedHeadSchema,
  message: messageSchema,
});
export const stageSetSchema = committedSchema.extend({
  stage: z.string(),
  version: z.string(),
  queue: z.string(),
  parameters: z.record(z.string(), z.json()),
});
