import { z } from 'zod';
import { branchNameSchema, DEFAULT_BRANCH } from './commit.js';

/** The workflow that takes in what lies in the inbox: one for each branch, and it lives for ever. */
export const TAKE_IN_WORKFLOW = 'takeIn';
export const takeInWorkflowId = (branch: string): string => `mammoflow-take-in-${branch}`;

/**
 * Tells `takeIn` that the inbox may have changed. What it carries is of no consequence, since what is pending is what
 * lies in the inbox: a hint may be lost, doubled, late or forged.
 */
export const INBOX_CHANGED_SIGNAL = 'inboxChanged';
/** What a hint may say: how many events it stands for. */
export interface InboxHint {
  readonly hints?: number;
}

/** Asks `takeIn` what waits in the inbox, for what, and since when. */
export const WAITING_QUERY = 'waiting';

const seconds = z.number().min(0).max(86_400);

/** When files that lie in the inbox are taken in. All times in seconds. */
export const inboxSettingsSchema = z.strictObject({
  /** A new exam with all four views is taken in when its newest file is this old. */
  quietSeconds: seconds.default(2),
  /**
   * Files that complete or correct a committed exam are taken in when the newest is this old: longer, so that two
   * visits never mix because one of them is still on its way.
   */
  correctionQuietSeconds: seconds.default(60),
  /** Views whose ages differ by more than this are flagged: they may belong to two visits. */
  spreadSeconds: seconds.default(600),
  /** An exam that has been incomplete for this long is reported. */
  reportAfterSeconds: z.number().min(0).max(31_536_000).default(900),
});
export type InboxSettings = z.output<typeof inboxSettingsSchema>;

/**
 * The argument of `takeIn`, small enough to type by hand. Times that it does not give are those that the workflow
 * workers are configured with, and then the defaults of {@link inboxSettingsSchema}.
 */
export const takeInInputSchema = z.strictObject({
  branch: branchNameSchema.default(DEFAULT_BRANCH),
  quietSeconds: seconds.optional(),
  correctionQuietSeconds: seconds.optional(),
  spreadSeconds: seconds.optional(),
  reportAfterSeconds: z.number().min(0).max(31_536_000).optional(),
});
export type TakeInInput = z.input<typeof takeInInputSchema>;
export type TakeInSettings = z.output<typeof takeInInputSchema>;
