import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  ChildWorkflowCancellationType,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  startChild,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { ControlActivities, ExamToCompute } from '../activities/job/control-activities.js';
import { TASK_QUEUES } from '../pipeline/graph.js';
import {
  type ExamReport,
  type JobSummary,
  type Plan,
  type ProcessCommitInput,
  type ProcessCommitSettings,
  processCommitInputSchema,
} from '../pipeline/job.js';
import { checkArgument } from './arguments.js';
import { searchAttributes } from './attributes.js';
import { addReport, addResolved, addUpToDate, emptyTally, type JobTally } from './job-tally.js';
import { examFinished, progress } from './messages.js';
import { CONTROL_OPTIONS } from './options.js';
import { processExam } from './process-exam.js';

/** Results land this long after an exam finished, together with those that finished meanwhile. */
const LANDING_DELAY = '3 seconds';
/** At most this many exams a commit. */
const LANDING_EXAMS = 200;
/** How often exams under way are checked for having died without a word. */
const SWEEP_INTERVAL = '30 seconds';
/** Children a run starts before it continues as new: their events stay well below the history's limits. */
const CHILDREN_A_RUN = 200;

/** Pages looked at for known results in one go, in jobs whose plan does not say. */
const PAGES_AT_ONCE = 40;

/**
 * Temporal's priorities (1 is served first, 3 is the default): an upload during a large replay does not wait behind it.
 * The stages of an exam take the priority of its workflow over.
 */
const PRIORITY = { newScan: 3, replay: 4 } as const;

/** What a run hands to the next when it continues as new. */
interface Carried {
  readonly plan: Plan;
  readonly nextPage: number;
  /** Exams taken from the plan and not started yet. */
  readonly waiting: readonly ExamToCompute[];
  readonly underWay: readonly string[];
  readonly toLand: readonly string[];
  readonly tally: JobTally;
  readonly startedAt: string;
}

const control = proxyActivities<ControlActivities>({ ...CONTROL_OPTIONS, taskQueue: TASK_QUEUES.workflow });

/**
 * Brings results up to what one commit wants: plans, runs one `processExam` child per exam that has something to
 * compute in a sliding window, and commits results as they come. One bad exam never fails the job. With nothing to do
 * it writes nothing and returns the summary under the job that made the present results.
 */
export async function processCommit(argument: ProcessCommitInput, carried?: Carried): Promise<JobSummary> {
  const settings = checkArgument('processCommit', processCommitInputSchema, argument);
  const job = new Job(settings, carried);
  // Before anything is awaited, or signals of children from an earlier run would be lost.
  setHandler(examFinished, (report) => job.finished(report));
  setHandler(progress, () => job.summary('running'));
  try {
    return await job.run();
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => job.cancel());
    throw asJobFailure(error);
  }
}

/** The state of one run. A class, because signal handlers, the sliding window and landing all change it in turn. */
class Job {
  private readonly id = workflowInfo().workflowId;
  private plan: Plan | undefined;
  private nextPage: number;
  private waiting: ExamToCompute[];
  private readonly underWay: Set<string>;
  private toLand: string[];
  private readonly tally: JobTally;
  private readonly startedAt: string;
  private startedInThisRun = 0;
  private landingDue = false;
  private landingTimer = false;
  private landing: Promise<void> | undefined;
  private landingFailure: { error: unknown } | undefined;
  private sweepDue = false;

  constructor(
    private readonly settings: ProcessCommitSettings,
    carried: Carried | undefined,
  ) {
    this.plan = carried?.plan;
    this.nextPage = carried?.nextPage ?? 0;
    this.waiting = [...(carried?.waiting ?? [])];
    this.underWay = new Set(carried?.underWay);
    this.toLand = [...(carried?.toLand ?? [])];
    this.tally = carried?.tally ?? emptyTally();
    this.startedAt = carried?.startedAt ?? new Date().toISOString();
  }

  async run(): Promise<JobSummary> {
    const plan = this.plan ?? (await this.begin());
    if (plan.planned === 0) return this.nothingToDo(plan);
    const sweeping = this.sweepRegularly();
    // Ends with the run, by cancellation at the latest.
    sweeping.catch(() => undefined);
    if (this.toLand.length > 0) this.startLandingTimer();
    for (;;) {
      await this.fillWindow(plan);
      if (this.landingFailure !== undefined) throw this.landingFailure.error;
      if (this.sweepDue) await this.sweep();
      this.landWhenDue();
      if (this.isDone(plan)) break;
      await condition(() => this.hasWork(plan));
      if (this.shouldContinueAsNew()) await this.continue(plan);
    }
    const summary = this.summary('completed');
    await control.finishJob(summary);
    upsertSearchAttributes(searchAttributes({ outcome: summary.exams.failed === 0 ? 'processed' : 'failed' }));
    return summary;
  }

  finished(report: ExamReport): void {
    if (!this.underWay.delete(report.exam)) return;
    addReport(this.tally, report);
    this.toLand.push(report.exam);
    this.startLandingTimer();
    this.showDetails();
  }

  summary(status: JobSummary['status']): JobSummary {
    return {
      job: this.id,
      status,
      branch: this.settings.branch,
      commit: this.tally.commit ?? this.plan?.commit ?? '',
      exams: { ...this.tally.exams },
      total: this.plan?.exams ?? 0,
      stages: this.tally.stages,
      bundles: [...(this.plan?.bundles ?? [])],
      dropped: this.tally.dropped,
      startedAt: this.startedAt,
      ...(status === 'running' ? {} : { finishedAt: new Date().toISOString() }),
    };
  }

  /** Ends the children, keeps what they had finished, and leaves a summary that says so. */
  async cancel(): Promise<void> {
    const children = [...this.underWay];
    await Promise.all(
      children.map((exam) =>
        getExternalWorkflowHandle(this.childId(exam))
          .cancel()
          .catch(() => undefined),
      ),
    );
    await this.landing;
    while (this.toLand.length > 0) await this.land();
    if (this.plan !== undefined) await control.finishJob(this.summary('cancelled'));
  }

  private async begin(): Promise<Plan> {
    upsertSearchAttributes(searchAttributes({ job: this.id, branch: this.settings.branch }));
    const plan = await control.planJob(this.id, workflowInfo().firstExecutionRunId, this.settings);
    this.plan = plan;
    addUpToDate(this.tally, plan);
    upsertSearchAttributes(searchAttributes({ commit: plan.commit, bundle: plan.bundles.join(', ') }));
    this.showDetails();
    return plan;
  }

  private nothingToDo(plan: Plan): JobSummary {
    upsertSearchAttributes(searchAttributes({ outcome: 'skipped' }));
    return { ...this.summary('completed'), job: plan.earlierJob ?? this.id };
  }

  private isDone(plan: Plan): boolean {
    const started = this.nextPage >= plan.pages && this.waiting.length === 0;
    return started && this.underWay.size === 0 && this.toLand.length === 0 && this.landing === undefined;
  }

  private hasRoom(plan: Plan): boolean {
    const hasNext = this.waiting.length > 0 || this.nextPage < plan.pages;
    return hasNext && this.underWay.size < this.settings.window && !this.shouldContinueAsNew();
  }

  private hasWork(plan: Plan): boolean {
    return (
      this.landingFailure !== undefined ||
      this.hasRoom(plan) ||
      this.sweepDue ||
      this.mayLand() ||
      this.isDone(plan) ||
      this.shouldContinueAsNew()
    );
  }

  private async fillWindow(plan: Plan): Promise<void> {
    while (this.hasRoom(plan)) {
      if (this.waiting.length === 0) await this.takePages(plan);
      const next = this.waiting.shift();
      if (next !== undefined) await this.startExam(plan, next);
    }
  }

  /** Lands what is known already of the next pages; the rest waits for a child each. */
  private async takePages(plan: Plan): Promise<void> {
    const end = Math.min(plan.pages, this.nextPage + (plan.pagesAtOnce ?? PAGES_AT_ONCE));
    const pages = Array.from({ length: end - this.nextPage }, (_, index) => this.nextPage + index);
    const { resolved, failed, dropped, commit, rest } = await control.resolveKnown(this.id, pages);
    this.nextPage = end;
    this.waiting = [...rest];
    addResolved(this.tally, plan, resolved, failed);
    this.tally.dropped += dropped.length;
    if (commit !== undefined) this.tally.commit = commit;
    this.showDetails();
  }

  /** Awaited, because a child whose start is still under way at continue-as-new is never created. */
  private async startExam(plan: Plan, { exam, bundle, page, replay }: ExamToCompute): Promise<void> {
    this.underWay.add(exam);
    this.startedInThisRun += 1;
    try {
      await startChild(processExam, {
        workflowId: this.childId(exam),
        taskQueue: TASK_QUEUES.workflow,
        args: [{ job: this.id, page, exam, bundle, graph: plan.graph.map(asArgument), parent: this.id }],
        // Children outlive this run, so cancellation is passed on by hand.
        parentClosePolicy: ParentClosePolicy.ABANDON,
        cancellationType: ChildWorkflowCancellationType.ABANDON,
        typedSearchAttributes: searchAttributes({
          job: this.id,
          exam,
          bundle,
          branch: plan.branch,
          commit: plan.commit,
        }),
        priority: { priorityKey: replay ? PRIORITY.replay : PRIORITY.newScan },
        staticSummary: `exam ${exam}`,
        staticDetails: `Exam \`${exam}\` with bundle \`${bundle}\`, for job \`${this.id}\``,
      });
    } catch (error) {
      // Started already by an attempt whose answer was lost.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }

  private mayLand(): boolean {
    if (this.landing !== undefined || this.toLand.length === 0) return false;
    return this.landingDue || this.toLand.length >= LANDING_EXAMS || this.underWay.size === 0;
  }

  private landWhenDue(): void {
    if (!this.mayLand()) return;
    // Goes on beside the window; the main loop looks at how it ended.
    this.landing = this.land().then(
      () => {
        this.landing = undefined;
      },
      (error) => {
        this.landing = undefined;
        this.landingFailure = { error };
      },
    );
  }

  private async land(): Promise<void> {
    const exams = this.toLand.slice(0, LANDING_EXAMS);
    this.landingDue = false;
    const landing = await control.landResults(this.id, this.settings.branch, exams);
    this.toLand = this.toLand.slice(exams.length);
    this.tally.dropped += landing.dropped.length;
    if (landing.commit !== undefined) this.tally.commit = landing.commit;
    if (this.toLand.length > 0) this.startLandingTimer();
    this.showDetails();
  }

  private startLandingTimer(): void {
    if (this.landingTimer) return;
    this.landingTimer = true;
    sleep(LANDING_DELAY).then(
      () => {
        this.landingTimer = false;
        this.landingDue = true;
      },
      () => undefined,
    );
  }

  private async sweepRegularly(): Promise<void> {
    for (;;) {
      await sleep(SWEEP_INTERVAL);
      this.sweepDue = true;
      await condition(() => !this.sweepDue);
    }
  }

  /** Exams whose child is over without having reported: their signal was lost, or they were terminated. */
  private async sweep(): Promise<void> {
    const lost = this.underWay.size === 0 ? [] : await control.findLostExams(this.id, [...this.underWay]);
    for (const { exam, report, reason } of lost) {
      if (report !== undefined) this.finished(report);
      else if (this.underWay.delete(exam))
        addReport(this.tally, { exam, outcome: 'failed', stages: {}, ...(reason === undefined ? {} : { reason }) });
    }
    this.sweepDue = false;
  }

  private shouldContinueAsNew(): boolean {
    return (
      this.startedInThisRun >= CHILDREN_A_RUN || (workflowInfo().continueAsNewSuggested && this.startedInThisRun > 0)
    );
  }

  private async continue(plan: Plan): Promise<never> {
    await this.landing;
    await condition(allHandlersFinished);
    return continueAsNew<typeof processCommit>(this.settings, {
      plan,
      nextPage: this.nextPage,
      waiting: this.waiting,
      underWay: [...this.underWay],
      toLand: this.toLand,
      tally: this.tally,
      startedAt: this.startedAt,
    });
  }

  private childId(exam: string): string {
    return `${this.id}/${exam}`;
  }

  private showDetails(): void {
    const { processed, skipped, failed } = this.tally.exams;
    const total = this.plan?.exams ?? 0;
    const rows = Object.entries(this.tally.stages).map(
      ([stage, counts]) =>
        `| ${stage} | ${counts.computed} | ${counts.skipped} | ${counts.failed} | ${counts.blocked} |`,
    );
    setCurrentDetails(
      [
        `**${processed + skipped + failed} of ${total} exams**: ${processed} processed, ${skipped} skipped, ${failed} failed`,
        '',
        '| stage | computed | skipped | failed | blocked |',
        '|---|---|---|---|---|',
        ...rows,
        ...this.tally.failures.map(({ exam, reason }) => `\n**${exam}** failed: ${reason}`),
      ].join('\n'),
    );
  }
}

const asArgument = ({ upstream, after, ...node }: Plan['graph'][number]) => ({
  ...node,
  upstream: [...upstream],
  ...(after === undefined ? {} : { after: [...after] }),
});

/** The reason of a failed activity, instead of "activity task failed"; anything else as it is. */
function asJobFailure(error: unknown): unknown {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof ApplicationFailure ? ApplicationFailure.nonRetryable(cause.message, cause.type) : error;
}
