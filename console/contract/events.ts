import { z } from 'zod';

/**
 * What `GET /api/events` tells, as server-sent events: `event:` is the type, `data:` the rest as JSON, `id:` grows. The
 * browser's EventSource reconnects by itself and says the last id it had; what it missed is then told, or `reset` when that
 * is too long ago. A comment comes every 15 seconds, so that a dead connection shows.
 */
export const eventSchema = z.discriminatedUnion('type', [
  /** Begin anew: whatever is on the page may be old. Also the first event of a connection. */
  z.object({ type: z.literal('reset') }),
  /** A branch points elsewhere; `commit` is null when it is gone. */
  z.object({
    type: z.literal('branch'),
    branch: z.string(),
    commit: z.string().nullable(),
    sequence: z.number().nullable(),
  }),
  /** Lists of exams of that branch give something else now. */
  z.object({ type: z.literal('results'), branch: z.string(), commit: z.string() }),
  z.object({
    type: z.literal('job'),
    job: z.string(),
    status: z.string(),
    done: z.number(),
    failed: z.number(),
    total: z.number(),
  }),
  z.object({ type: z.literal('inbox'), waiting: z.number(), refused: z.number(), overdue: z.number() }),
  /** A service does not answer, or answers again (`problem` null). */
  z.object({ type: z.literal('service'), service: z.enum(['s3', 'temporal']), problem: z.string().nullable() }),
]);
export type ConsoleEvent = z.infer<typeof eventSchema>;
