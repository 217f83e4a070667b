import { z } from 'zod';
import { ROLES } from './words.js';

export const roleSchema = z.enum(ROLES);
export type Role = z.infer<typeof roleSchema>;

export const sessionSchema = z.object({
  /** `open`: on this machine's own address nobody is asked who they are. */
  access: z.enum(['open', 'token', 'oidc']),
  /** Null until signed in; then everything but this route answers 401. */
  user: z.object({ name: z.string(), role: roleSchema, /** ISO 8601. */ expires: z.string().optional() }).nullable(),
  /** Repeated in the header `x-mammoflow-csrf` of every request that is no GET. */
  csrf: z.string(),
  version: z.string(),
  /** The commit that the build was made from, where it is known. */
  build: z.string().nullable(),
  bucket: z.string(),
  /** The Temporal Web UI up to the namespace: `${temporalUi}/workflows/${encodeURIComponent(workflowId)}`. */
  temporalUi: z.string().nullable(),
  notice: z.string(),
});
export type SessionState = z.infer<typeof sessionSchema>;

/** A token of the console's own, or a JWT of the identity provider. Kept in a cookie that scripts cannot read. */
export const signInSchema = z.object({ token: z.string().min(1).max(16_384) });

export const statusSchema = z.object({
  ready: z.boolean(),
  problems: z.array(z.string()),
  workers: z.array(
    z.object({ taskQueue: z.string(), identity: z.string(), kinds: z.array(z.string()), lastSeen: z.string() }),
  ),
  holds: z.array(
    z.object({ branch: z.string(), since: z.string(), author: z.string(), reason: z.string().optional() }),
  ),
});
