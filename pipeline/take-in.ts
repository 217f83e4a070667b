import { z } from 'zod';
import { branchNameSchema, DEFAULT_BRANCH } from './commit.js';
import type { InboxRepo } from './inbox.js';
import { inboxSecondsSchema as seconds } from './inbox-settings.js';
import type { StrayFolder } from './stray-files.js';

/** The workflow that takes in what lies in the inbox: one for each branch, and it lives for ever. */
export const TAKE_IN_WORKFLOW = 'takeIn';
export const takeInWorkflowId = (branch: string): string => `mammoflow-take-in-${branch}`;

/** The workflow that a schedule starts every minute, to have the inbox looked into whatever became of events. */
export const REMIND_TAKE_IN_WORKFLOW = 'remindTakeIn';
export const inboxScheduleId = (branch: string): string => `mammoflow-inbox-${branch}`;

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

/** An exam or a bundle that lies in the inbox. */
export interface WaitingItem {
  readonly repo: InboxRepo;
  readonly name: string;
  readonly state: 'ready' | 'settling' | 'incomplete' | 'refused';
  /** Views, or files of a bundle, that are here. */
  readonly here: readonly string[];
  /** Those that are neither here nor committed. */
  readonly missing: readonly string[];
  /** When the oldest file came. */
  readonly since: string;
  /** For `settling`: when it is taken in unless more comes. */
  readonly readyAt?: string;
  /** It completes or corrects a committed exam. */
  readonly correction: boolean;
  /** It has been incomplete for longer than `reportAfterSeconds`. */
  readonly overdue: boolean;
  /** Seconds between its first and its last view, where they are more than `spreadSeconds`. */
  readonly apartSeconds?: number;
  /** What it waits for, or why it is refused, in one sentence. */
  readonly sentence: string;
}

/** What lies in the inbox. */
export interface InboxReport {
  readonly branch: string;
  readonly lookedAt: string;
  readonly counts: Readonly<Record<WaitingItem['state'], number>>;
  /** Incomplete for longer than `reportAfterSeconds`. */
  readonly overdue: number;
  /** The oldest first; not all of them where there are very many. */
  readonly items: readonly WaitingItem[];
  /** Files that belong to no exam and no bundle: they are left where they are. */
  readonly stray: {
    readonly files: number;
    readonly examples: readonly string[];
    /** Those that look like something of an exam, folder by folder; absent when none does. */
    readonly folders?: readonly StrayFolder[];
  };
}

/** What `takeIn` answers to {@link WAITING_QUERY}: the inbox at its last look, and what it has taken in so far. */
export interface TakeInState extends Partial<InboxReport> {
  readonly takenIn: { readonly exams: number; readonly bundles: number; readonly commits: number };
  readonly last?: {
    readonly commit: string;
    readonly job: string | null;
    /** Why there is no job. */
    readonly because?: 'hold' | 'nothing-to-do';
  };
  /** Why the last attempt to take something in did not succeed; absent when it did. */
  readonly trouble?: string;
}
