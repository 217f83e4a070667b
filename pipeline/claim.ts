import { z } from 'zod';

/**
 * `.mammoflow/claims/<exam>/<stage>/<key>.json`: somebody is computing this datum. It is there while they do, and counts for
 * as long as it is renewed. Times are the bucket's.
 */
export const claimSchema = z.object({
  schemaVersion: z.literal(1),
  /** Who may go on with it after having died: the same activity of the same workflow run, in its next attempt. */
  owner: z.string(),
  job: z.string(),
  worker: z.string(),
  since: z.iso.datetime(),
  renewed: z.iso.datetime(),
});
export type Claim = z.infer<typeof claimSchema>;
export type Claimant = Pick<Claim, 'owner' | 'job' | 'worker'>;

/** The failure type of an attempt that left a datum to whoever computes it already: nothing has failed, it waits. */
export const CLAIMED_ELSEWHERE = 'claimed-elsewhere';
