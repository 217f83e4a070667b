import { z } from 'zod';
import { sha256Schema } from './bundle.js';
import { branchNameSchema } from './commit.js';
import { destinationNameSchema } from './destination.js';
import { examIdSchema } from './exam.js';

/** What delivery workers poll: a queue of its own, since only they need DCMTK, the way to archives and the key. */
export const DELIVERY_QUEUE = 'mammoflow-delivery';
export const DELIVER_WORKFLOW = 'deliverExam';
/** Tells a delivery of something newer, or to try at once. */
export const DELIVER_SIGNAL = 'deliver';

export const deliveryWorkflowId = (destination: string, exam: string): string => `deliver-${destination}/${exam}`;

/** The argument of `deliverExam`, and what its signal carries. */
export const deliveryRequestSchema = z.strictObject({
  destination: destinationNameSchema,
  exam: examIdSchema,
  /** Whose settings of the destination apply, and whose newest result is sent. */
  branch: branchNameSchema,
  /** Send what this commit has of the exam instead of the branch's newest. */
  commit: sha256Schema.optional(),
  /** Send what the destination has said to have, too: it may have lost it. */
  again: z.literal(true).optional(),
  /** Seconds after which it is given up. */
  giveUpAfterSeconds: z.number().int().positive(),
});
export type DeliveryRequest = z.infer<typeof deliveryRequestSchema>;

/**
 * What became of a delivery. `delivered`: the destination has every object, as far as it says. `refused`: it does not want
 * some, and `undelivered`: it was given up or cannot be; both wait in the list of what was not delivered. `nothing`: there is
 * nothing to send (any more).
 */
export interface DeliveryOutcome {
  readonly status: 'delivered' | 'refused' | 'undelivered' | 'nothing';
  readonly stored: number;
  /** Of those, how many were sent now; the rest was there from an earlier time. */
  readonly sent: number;
  readonly refused: number;
  readonly reason?: string;
}
