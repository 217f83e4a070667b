import { z } from 'zod';
import { branchNameSchema, DEFAULT_BRANCH } from './commit.js';
import { MammoflowError } from './errors.js';
import type { InboxRepo } from './inbox.js';

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

/** Variables of the environment that set {@link InboxSettings}. */
export const INBOX_VARIABLES: Readonly<Record<keyof InboxSettings, string>> = {
  quietSeconds: 'MAMMOFLOW_INBOX_QUIET_SECONDS',
  correctionQuietSeconds: 'MAMMOFLOW_INBOX_CORRECTION_QUIET_SECONDS',
  spreadSeconds: 'MAMMOFLOW_INBOX_SPREAD_SECONDS',
  reportAfterSeconds: 'MAMMOFLOW_INBOX_REPORT_AFTER_SECONDS',
};

/**
 * The settings that an environment gives, and the defaults.
 * @throws MammoflowError `invalid-configuration` naming the variable.
 */
export function inboxSettingsOf(environment: Readonly<Record<string, string | undefined>>): InboxSettings {
  const given = Object.entries(INBOX_VARIABLES).flatMap(([name, variable]) => {
    const text = environment[variable]?.trim();
    return text === undefined || text === '' ? [] : [[name, Number(text)]];
  });
  const settings = inboxSettingsSchema.safeParse(Object.fromEntries(given));
  if (settings.success) return settings.data;
  const issue = settings.error.issues[0];
  const variable = INBOX_VARIABLES[issue?.path[0] as keyof InboxSettings];
  throw new MammoflowError(
    'invalid-configuration',
    `${variable} is ${JSON.stringify(environment[variable])}: ${issue?.message}.`,
    'Give a number of seconds.',
  );
}

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
  readonly stray: { readonly files: number; readonly examples: readonly string[] };
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
