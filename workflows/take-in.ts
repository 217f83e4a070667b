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
import type { InboxLookAround, TakeInActivities } from '../activities/take-in-activities.js';
import { TASK_QUEUES } from '../pipeline/graph.js';
import { type TakeInInput, type TakeInSettings, type TakeInState, takeInInputSchema } from '../pipeline/take-in.js';
import { checkArgument } from './arguments.js';
import { searchAttributes } from './attributes.js';
import { inboxChanged, waiting } from './messages.js';
import { MOVE_OPTIONS, TAKE_IN_OPTIONS } from './options.js';

/** A steady stream becomes a commit every few seconds, and not one for each exam. */
const TAKE_INTERVAL_MS = 3_000;
/** However many hints come, the inbox is listed at most this often. */
const LOOK_INTERVAL_MS = 500;
/** Added to times by another clock, so that what is due then is due when it is looked at. */
const SLACK_MS = 50;
/** Looks, and signals, after which a run continues as new: its history stays well below Temporal's limits. */
const LOOKS_A_RUN = 100;
const SIGNALS_A_RUN = 2_000;
/** Items named in the details; all of them are in the query and in `mammoflow inbox`. */
const ITEMS_IN_DETAILS = 20;

/** What a run hands to the next when it continues as new. */
interface Carried {
  readonly takenIn: TakeInState['takenIn'];
  readonly last?: TakeInState['last'];
  readonly lastLook?: number;
  readonly lastTakeAt: number;
  /** Commits whose jobs are still to be started. */
  readonly toStart: readonly string[];
  /** A commit may have been made of which no answer came. */
  readonly unsure: boolean;
}

const { lookAround, startFollowingJob, lastTakenIn } = proxyActivities<TakeInActivities>({
  ...TAKE_IN_OPTIONS,
  taskQueue: TASK_QUEUES.workflow,
});
const { takeInExams, takeInBundle } = proxyActivities<TakeInActivities>({
  ...MOVE_OPTIONS,
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
  private lastTakeAt: number;
  private readonly toStart: string[];
  private unsure: boolean;
  private trouble: string | undefined;

  constructor(
    private readonly settings: TakeInSettings,
    carried: Carried | undefined,
  ) {
    this.takenIn = carried?.takenIn ?? { exams: 0, bundles: 0, commits: 0 };
    this.last = carried?.last;
    this.lastLook = carried?.lastLook;
    this.lastTakeAt = carried?.lastTakeAt ?? 0;
    this.toStart = [...(carried?.toStart ?? [])];
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
      ...(this.trouble === undefined ? {} : { trouble: this.trouble }),
    };
  }

  async run(): Promise<never> {
    upsertSearchAttributes(searchAttributes({ branch: this.settings.branch }));
    for (;;) {
      await this.findUnanswered();
      await this.startJobs();
      const nextLookAt = await this.lookAndTake();
      await this.startJobs();
      this.showDetails();
      if (this.shouldContinueAsNew()) return this.continue();
      await this.untilDue(nextLookAt);
    }
  }

  /** @returns when to look again although no hint comes; undefined: not before. */
  private async lookAndTake(): Promise<number | undefined> {
    this.changed = false;
    const request = { given: this.settings, ...(this.lastLook === undefined ? {} : { lastLook: this.lastLook }) };
    const look = await this.ask(() => lookAround(request));
    if (look === undefined) return Date.now();
    const lookedAt = Date.now();
    this.looks += 1;
    this.look = look;
    this.lastLook = look.time;
    this.lastLookAt = lookedAt;
    const due = look.nextLookMs === undefined ? undefined : lookedAt + look.nextLookMs + SLACK_MS;

    if (look.exams.length + look.bundles.length === 0) return due;
    const mayTakeAt = this.lastTakeAt + TAKE_INTERVAL_MS;
    if (!look.more && mayTakeAt > lookedAt) return Math.min(due ?? mayTakeAt, mayTakeAt);
    this.lastTakeAt = lookedAt;
    await this.take(look);
    // What was refused, or replaced while it was being taken, shows in another look.
    return Date.now();
  }

  private async take({ exams, bundles, settings, sequence: after }: InboxLookAround): Promise<void> {
    const { branch } = this.settings;
    for (const folder of bundles) {
      const request = { branch, folder, settings, batch: uuid4(), after };
      const taken = await this.move(() => takeInBundle(request));
      if (taken?.commit === undefined) continue;
      this.committed(taken.commit);
      this.takenIn = { ...this.takenIn, bundles: this.takenIn.bundles + 1 };
    }
    if (exams.length === 0) return;
    const request = { branch, exams, settings, batch: uuid4(), after };
    const taken = await this.move(() => takeInExams(request));
    if (taken === undefined) return;
    if (taken.commit !== undefined) this.committed(taken.commit);
    this.takenIn = { ...this.takenIn, exams: this.takenIn.exams + taken.exams };
  }

  private committed(commit: string): void {
    this.takenIn = { ...this.takenIn, commits: this.takenIn.commits + 1 };
    this.last = { commit, job: null };
    this.toStart.push(commit);
  }

  /** @returns undefined when it did not succeed, and may have made a commit all the same. */
  private async move<Result>(activity: () => Promise<Result>): Promise<Result | undefined> {
    try {
      const result = await this.ask(activity);
      this.trouble = undefined;
      this.unsure ||= result === undefined;
      return result;
    } catch (error) {
      if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
      this.trouble = error.cause?.message ?? error.message;
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
    if (commit !== null && commit !== this.last?.commit) this.toStart.push(commit);
  }

  private async startJobs(): Promise<void> {
    for (;;) {
      const [commit] = this.toStart;
      if (commit === undefined) return;
      const started = await this.ask(() => startFollowingJob(this.settings.branch, commit));
      if (started === undefined) return;
      this.toStart.shift();
      this.last = { commit, job: started.job };
    }
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
    return this.signals >= 2 * SIGNALS_A_RUN;
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
      lastTakeAt: this.lastTakeAt,
      toStart: this.toStart,
      unsure: this.unsure,
    });
  }

  private showDetails(): void {
    const { exams, bundles, commits } = this.takenIn;
    const lines = [`Taken in so far: ${exams} exams and ${bundles} bundles in ${commits} commits.`];
    if (this.last !== undefined) {
      const { commit, job } = this.last;
      lines.push(`Last commit \`${commit.slice(0, 12)}\`, ${job === null ? 'no job' : `job \`${job}\``}.`);
    }
    if (this.trouble !== undefined) lines.push(`The last attempt did not succeed: ${this.trouble}`);
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
