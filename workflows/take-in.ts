import {
  ActivityFailure,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertSearchAttributes,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { InboxLookAround, TakeInActivities } from '../activities/inbox/take-in-activities.js';
import { TASK_QUEUES } from '../pipeline/graph.js';
import { type TakeInInput, type TakeInSettings, type TakeInState, takeInInputSchema } from '../pipeline/take-in.js';
import { checkArgument } from './arguments.js';
import { searchAttributes } from './attributes.js';
import { inboxChanged, waiting } from './messages.js';
import { STEP_OPTIONS, TAKE_IN_OPTIONS } from './options.js';

/** A steady stream becomes a commit every few seconds, and not one for each exam. */
const TAKE_INTERVAL_MS = 3_000;
/** After an attempt that moved nothing. */
const TROUBLE_INTERVAL_MS = 15_000;
/** After a bundle that could not be moved: it may be large, and exams must not wait for it again and again. */
const BUNDLE_TROUBLE_INTERVAL_MS = 60_000;
/** However many hints come, the inbox is listed at most this often. */
const LOOK_INTERVAL_MS = 500;
/** Added to times by another clock, so that what is due then is due when it is looked at. */
const SLACK_MS = 50;
/** Looks, and signals, after which a run continues as new: its history stays well below Temporal's limits. */
const LOOKS_A_RUN = 100;
const SIGNALS_A_RUN = 500;
/** Items named in the details; all of them are in the query and in `mammoflow inbox`. */
const ITEMS_IN_DETAILS = 20;

type TakenIn = Awaited<ReturnType<TakeInActivities['takeInExams']>>;

/** Steps that may not succeed. */
type Step = 'exams' | 'studies' | 'bundles' | 'job';

/** What a run hands to the next when it continues as new. */
interface Carried {
  readonly takenIn: TakeInState['takenIn'];
  readonly last?: TakeInState['last'];
  readonly lastLook?: number;
  readonly seen?: InboxLookAround['seen'];
  readonly nextTakeAt: number;
  readonly nextBundlesAt: number;
  /** The newest commit whose job is still to be started; it does the work of earlier ones too. */
  readonly toStart?: string;
  /** A commit may have been made of which no answer came. */
  readonly unsure: boolean;
}

const { lookAround, lastTakenIn } = proxyActivities<TakeInActivities>({
  ...TAKE_IN_OPTIONS,
  taskQueue: TASK_QUEUES.workflow,
});
const { takeInExams, takeInStudies, takeInBundle, startFollowingJob } = proxyActivities<TakeInActivities>({
  ...STEP_OPTIONS,
  taskQueue: TASK_QUEUES.workflow,
});

/**
 * Turns the inbox into commits and jobs, for ever. It sleeps until a hint comes or something that lies there is due,
 * lists the inbox, moves what is complete into one commit, and starts the job that follows. What is pending is what
 * lies in the inbox and nothing else, so hints may be lost, doubled, late or forged, and a run may be ended at any
 * moment and started again.
 */
export async function takeIn(argument: TakeInInput, carried?: Carried): Promise<void> {
  const settings = checkArgument('takeIn', takeInInputSchema, argument);
  const inbox = new Inbox(settings, carried);
  // Before anything is awaited, or hints to a run that begins would be lost.
  setHandler(inboxChanged, () => inbox.hint());
  setHandler(waiting, () => inbox.state());
  await inbox.run();
}

/** The state of one run. A class, because the signal handler, the query and the loop share it. */
class Inbox {
  private changed = false;
  private signals = 0;
  private looks = 0;
  private look: InboxLookAround | undefined;
  private takenIn: TakeInState['takenIn'];
  private last: TakeInState['last'];
  private lastLook: number | undefined;
  private lastLookAt = 0;
  private seen: InboxLookAround['seen'];
  private nextTakeAt: number;
  private nextBundlesAt: number;
  private toStart: string | undefined;
  private unsure: boolean;
  private readonly troubles = new Map<Step, string>();

  constructor(
    private readonly settings: TakeInSettings,
    carried: Carried | undefined,
  ) {
    this.takenIn = carried?.takenIn ?? { exams: 0, bundles: 0, commits: 0 };
    this.last = carried?.last;
    this.lastLook = carried?.lastLook;
    this.seen = carried?.seen ?? {};
    this.nextTakeAt = carried?.nextTakeAt ?? 0;
    this.nextBundlesAt = carried?.nextBundlesAt ?? 0;
    this.toStart = carried?.toStart;
    // Whoever was here before may have been ended between a commit and its job.
    this.unsure = carried?.unsure ?? true;
  }

  hint(): void {
    this.changed = true;
    this.signals += 1;
  }

  state(): TakeInState {
    return {
      ...this.look?.report,
      takenIn: this.takenIn,
      ...(this.last === undefined ? {} : { last: this.last }),
      ...(this.troubles.size === 0 ? {} : { trouble: [...this.troubles.values()].join(' ') }),
    };
  }

  async run(): Promise<never> {
    upsertSearchAttributes(searchAttributes({ branch: this.settings.branch }));
    for (;;) {
      await this.findUnanswered();
      await this.startJob();
      const nextLookAt = await this.lookAndTake();
      await this.startJob();
      this.showDetails();
      if (this.shouldContinueAsNew()) return this.continue();
      await this.untilDue(nextLookAt);
    }
  }

  /** @returns when to look again although no hint comes; undefined: not before. */
  private async lookAndTake(): Promise<number | undefined> {
    this.changed = false;
    const { settings: given, seen, lastLook } = this;
    const request = { given, seen, ...(lastLook === undefined ? {} : { lastLook }) };
    const look = await this.ask(() => lookAround(request));
    if (look === undefined) return Date.now();
    const lookedAt = Date.now();
    this.looks += 1;
    this.look = look;
    this.lastLook = look.time;
    this.seen = look.seen;
    this.lastLookAt = lookedAt;
    const due = look.nextLookMs === undefined ? undefined : lookedAt + look.nextLookMs + SLACK_MS;

    const bundles = this.nextBundlesAt > lookedAt ? [] : look.bundles;
    // Looks of before there were studies name none.
    const studies = look.studies ?? [];
    if (look.exams.length + bundles.length + studies.length === 0) return due;
    if (this.nextTakeAt > lookedAt) return Math.min(due ?? this.nextTakeAt, this.nextTakeAt);
    const interval = (await this.take({ ...look, bundles, studies })) ? TAKE_INTERVAL_MS : TROUBLE_INTERVAL_MS;
    this.nextTakeAt = interval === TAKE_INTERVAL_MS && look.more ? 0 : lookedAt + interval;
    // What was refused, or replaced while it was being taken, shows in another look.
    return Date.now();
  }

  /** @returns whether anything came of it. */
  private async take(look: InboxLookAround): Promise<boolean> {
    const { exams, bundles, studies, settings, seen, sequence: after } = look;
    const { branch } = this.settings;
    let moved = false;
    for (const folder of bundles) {
      const request = { branch, folder, settings, batch: uuid4(), after };
      const taken = await this.step('bundles', () => takeInBundle(request));
      if (taken === undefined) this.nextBundlesAt = Date.now() + BUNDLE_TROUBLE_INTERVAL_MS;
      if (taken?.bundle !== undefined) this.takenIn = { ...this.takenIn, bundles: this.takenIn.bundles + 1 };
      if (taken?.commit !== undefined) this.committed(taken.commit);
      moved ||= taken?.bundle !== undefined || taken?.reason !== undefined;
    }
    if (exams.length > 0) {
      const request = { branch, exams, settings, seen, batch: uuid4(), after };
      moved = this.note('exams', await this.step('exams', () => takeInExams(request))) || moved;
    }
    if (studies.length > 0) {
      const request = { branch, exams: studies, settings, batch: uuid4(), after };
      moved = this.note('studies', await this.step('studies', () => takeInStudies(request))) || moved;
    }
    return moved;
  }

  /** @returns whether anything came of it. */
  private note(what: 'exams' | 'studies', taken: TakenIn | undefined): boolean {
    if (taken === undefined) return false;
    this.takenIn = { ...this.takenIn, exams: this.takenIn.exams + taken.exams };
    if (taken.commit !== undefined) this.committed(taken.commit);
    const [failure] = taken.failed;
    if (failure !== undefined) this.troubles.set(what, `Exam ${failure.exam} was not taken in: ${failure.reason}.`);
    return taken.exams + taken.refused.length > 0;
  }

  private committed(commit: string): void {
    this.takenIn = { ...this.takenIn, commits: this.takenIn.commits + 1 };
    this.last = { commit, job: null };
    this.toStart = commit;
    upsertSearchAttributes(searchAttributes({ commit }));
  }

  /**
   * One of the steps that are given up after a few attempts, so that nothing else waits for what somebody has to mend.
   * @returns undefined when it did not succeed; what it should have done may be done all the same.
   */
  private async step<Result>(what: Step, activity: () => Promise<Result>): Promise<Result | undefined> {
    this.troubles.delete(what);
    try {
      const result = await this.ask(activity);
      this.unsure ||= result === undefined;
      return result;
    } catch (error) {
      if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
      this.troubles.set(what, error.cause?.message ?? error.message);
      this.unsure = true;
      return undefined;
    }
  }

  /** A commit from the inbox of which no answer came: its job is asked for again, which starts none twice. */
  private async findUnanswered(): Promise<void> {
    if (!this.unsure) return;
    const commit = await this.ask(async () => (await lastTakenIn(this.settings.branch)) ?? null);
    if (commit === undefined) return;
    this.unsure = false;
    if (commit !== null && commit !== this.last?.commit) this.toStart = commit;
  }

  private async startJob(): Promise<void> {
    const commit = this.toStart;
    if (commit === undefined) return;
    const started = await this.step('job', () => startFollowingJob(this.settings.branch, commit));
    if (started === undefined) return;
    this.toStart = undefined;
    this.last = { commit, ...started };
  }

  private async untilDue(at: number | undefined): Promise<void> {
    const isDue = (): boolean => this.changed || this.isCrowded();
    if (at === undefined) await condition(isDue);
    else if (at > Date.now()) await condition(isDue, at - Date.now());
    const early = this.lastLookAt + LOOK_INTERVAL_MS - Date.now();
    if (early > 0) await sleep(early);
  }

  /**
   * Runs an activity, which is tried for as long as it takes. Should hints pile up meanwhile to where Temporal takes no
   * more, it is given up for this run.
   * @returns undefined when it was given up.
   */
  private async ask<Result>(activity: () => Promise<Result>): Promise<Result | undefined> {
    const scope = new CancellationScope();
    let over = false;
    const watching = condition(() => over || this.isCrowded()).then(() => {
      if (!over) scope.cancel();
    });
    // Ends with the run, by cancellation at the latest.
    watching.catch(() => undefined);
    try {
      return await scope.run(activity);
    } catch (error) {
      const givenUp = isCancellation(error) && !CancellationScope.current().consideredCancelled;
      if (givenUp) return undefined;
      throw error;
    } finally {
      over = true;
    }
  }

  private isCrowded(): boolean {
    return this.signals >= 4 * SIGNALS_A_RUN;
  }

  private shouldContinueAsNew(): boolean {
    return this.looks >= LOOKS_A_RUN || this.signals >= SIGNALS_A_RUN || workflowInfo().continueAsNewSuggested;
  }

  /** A hint that comes until then starts the next run's workflow task again, and every run begins with a look. */
  private continue(): Promise<never> {
    return continueAsNew<typeof takeIn>(this.settings, {
      takenIn: this.takenIn,
      ...(this.last === undefined ? {} : { last: this.last }),
      ...(this.lastLook === undefined ? {} : { lastLook: this.lastLook }),
      seen: this.seen,
      nextTakeAt: this.nextTakeAt,
      nextBundlesAt: this.nextBundlesAt,
      ...(this.toStart === undefined ? {} : { toStart: this.toStart }),
      unsure: this.unsure,
    });
  }

  private showDetails(): void {
    const { exams, bundles, commits } = this.takenIn;
    const lines = [`Taken in so far: ${exams} exams and ${bundles} bundles in ${commits} commits.`];
    if (this.last !== undefined) {
      const { commit, job, because } = this.last;
      const none = because === 'hold' ? 'no job, because the branch is on hold' : 'no job';
      lines.push(`Last commit \`${commit.slice(0, 12)}\`, ${job === null ? none : `job \`${job}\``}.`);
    }
    for (const trouble of this.troubles.values()) lines.push(`The last attempt did not succeed: ${trouble}`);
    const report = this.look?.report;
    if (report !== undefined) {
      const { counts, overdue, stray, items } = report;
      lines.push(
        '',
        `In the inbox at ${report.lookedAt}: ${counts.ready + counts.settling} complete, ${counts.incomplete} incomplete ` +
          `(${overdue} for too long), ${counts.refused} refused, ${stray.files} stray files.`,
        '',
        ...items.slice(0, ITEMS_IN_DETAILS).map(({ repo, name, sentence }) => `- **${repo}/${name}** ${sentence}`),
      );
    }
    setCurrentDetails(lines.join('\n'));
  }
}
