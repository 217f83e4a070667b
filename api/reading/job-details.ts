import { MammoflowError } from '../../pipeline/errors.js';
import { jobSettingsSchema, type StageStatus } from '../../pipeline/job.js';
import { readJson } from '../../repos/json-objects.js';
import { jobSettingsKey } from '../../repos/layout.js';
import { type JobExamRecord, jobOutcomes } from '../jobs/job-outcomes.js';
import type { Session } from '../session.js';
import { type JobState, job } from './job.js';

/** How a job stands, with what its records tell about time. */
export interface JobDetails {
  readonly state: JobState;
  /** Mean seconds of a computed datum, by stage, and of how many. */
  readonly seconds: ReadonlyMap<string, { readonly mean: number; readonly measured: number }>;
  /** Exams finished a minute: over the last five minutes while it runs, over all of it afterwards. */
  readonly rate: number | null;
  /** While it runs, at that rate. */
  readonly secondsLeft: number | null;
  /** Seconds of the exams looked at, in sum; null where records do not say. */
  readonly time: {
    readonly exams: number;
    /** Between the end of what a stage reads from and its beginning. */
    readonly waiting: number | null;
    readonly fetching: number | null;
    readonly computing: number | null;
    readonly storing: number | null;
  };
}

const RATE_OVER_MS = 5 * 60_000;

/**
 * How a job stands and where its time goes. Times are those of the newest few hundred exams.
 *
 * @throws MammoflowError `not-found` when there is no such job, `service-unavailable` without Temporal.
 * @example
 * const { rate, secondsLeft } = await mammoflow.jobDetails({ job: 'main-12-a1b2c3' });
 */
export async function jobDetails(session: Session, { job: id }: { job: string }): Promise<JobDetails> {
  const state = await job(session, { job: id });
  const [{ records, count }, settings] = await Promise.all([
    jobOutcomes(session.repository, id),
    readJson(session.repository.store, jobSettingsKey(id), jobSettingsSchema),
  ]);
  const upstream = new Map((settings?.graph ?? []).map((node) => [node.name, node.upstream] as const));
  const sums = new Map<string, { sum: number; measured: number }>();
  const time = { waiting: 0, fetching: 0, computing: 0, storing: 0 };
  let exams = 0;
  let measuredParts = 0;
  let measuredWaits = 0;
  for (const { timings } of records) {
    if (timings.size > 0) exams += 1;
    for (const [stage, timing] of timings) {
      const sum = sums.get(stage) ?? { sum: 0, measured: 0 };
      sums.set(stage, { sum: sum.sum + timing.seconds, measured: sum.measured + 1 });
      if (timing.parts !== undefined) {
        measuredParts += 1;
        time.fetching += timing.parts.fetching;
        time.computing += timing.parts.computing;
        time.storing += timing.parts.storing;
      }
      const before = (upstream.get(stage) ?? []).flatMap((repo) => timings.get(repo)?.finishedAt ?? []);
      if (before.length > 0) {
        measuredWaits += 1;
        time.waiting += Math.max(0, timing.startedAt - Math.max(...before)) / 1_000;
      }
    }
  }
  const rate = rateOf(state, records, session.now().getTime());
  const left = state.total - state.exams.processed - state.exams.skipped - state.exams.failed;
  const known = (value: number, measured: number): number | null =>
    measured === 0 ? null : Math.round(value * 1_000) / 1_000;
  return {
    state: state.total === 0 && count > 0 ? { ...state, total: count } : state,
    seconds: new Map([...sums].map(([stage, { sum, measured }]) => [stage, { mean: sum / measured, measured }])),
    rate,
    secondsLeft: state.status === 'running' && rate !== null && rate > 0 ? Math.round((left / rate) * 60) : null,
    time: {
      exams,
      waiting: known(time.waiting, measuredWaits),
      fetching: known(time.fetching, measuredParts),
      computing: known(time.computing, measuredParts),
      storing: known(time.storing, measuredParts),
    },
  };
}

function rateOf(state: JobState, records: readonly JobExamRecord[], now: number): number | null {
  const started = Date.parse(state.startedAt ?? '');
  if (state.status === 'running') {
    const since = Number.isNaN(started) ? now - RATE_OVER_MS : Math.max(started, now - RATE_OVER_MS);
    const lately = records.filter(({ recorded }) => recorded >= since).length;
    return lately === 0 || now <= since ? null : lately / ((now - since) / 60_000);
  }
  const took = Date.parse(state.finishedAt ?? '') - started;
  const done = state.exams.processed + state.exams.failed;
  return took > 0 && done > 0 ? done / (took / 60_000) : null;
}

/** What became of an exam in a job. */
export interface JobExam {
  readonly exam: string;
  readonly outcome: 'processed' | 'skipped' | 'failed';
  readonly stage?: string;
  readonly reason?: string;
  readonly bundle: string;
  /** Of the stages that it computed, in sum; null where it computed none or nobody looked. */
  readonly seconds: number | null;
  readonly stages: readonly {
    readonly stage: string;
    readonly status: StageStatus;
    readonly seconds?: number;
    /** Why it was not computed. */
    readonly why?: string;
  }[];
}

export interface JobExamsOptions {
  readonly job: string;
  readonly outcome?: JobExam['outcome'] | undefined;
  /** `failed` first and the slowest next; the `slowest` first; by `exam`. */
  readonly sort?: 'failed' | 'slowest' | 'exam';
  readonly limit?: number;
  /** How many to pass over. */
  readonly skip?: number;
}

/**
 * A page of the exams that a job has finished. Of very large jobs it knows the newest few thousand.
 *
 * @example
 * const { items } = await mammoflow.jobExams({ job: 'main-12-a1b2c3', outcome: 'failed' });
 */
export async function jobExams(
  session: Session,
  { job: id, outcome, sort = 'failed', limit = 100, skip = 0 }: JobExamsOptions,
): Promise<{ readonly items: readonly JobExam[]; readonly total: number }> {
  const { records } = await jobOutcomes(session.repository, id);
  if (records.length === 0) await job(session, { job: id });
  const order = (await session.stages()).map(({ name }) => name);
  const rows = records
    .map((record) => asJobExam(record, order))
    .filter((row) => outcome === undefined || row.outcome === outcome);
  const rank = (row: JobExam): number => (sort === 'failed' && row.outcome === 'failed' ? 0 : 1);
  rows.sort(
    (a, b) =>
      (sort === 'exam' ? 0 : rank(a) - rank(b) || (b.seconds ?? -1) - (a.seconds ?? -1)) || (a.exam < b.exam ? -1 : 1),
  );
  return { items: rows.slice(skip, skip + limit), total: rows.length };
}

/** The exams of a job that failed, as long as its branch has them. @throws MammoflowError `not-found` when none did. */
export async function failedExams(session: Session, { job: id }: { job: string }): Promise<string[]> {
  const { items } = await jobExams(session, { job: id, outcome: 'failed', limit: Number.POSITIVE_INFINITY });
  if (items.length > 0) return items.map(({ exam }) => exam);
  throw new MammoflowError('not-found', `No exam of job ${id} failed, so there is nothing to try again.`);
}

function asJobExam(
  { exam, outcome: { outcome, statuses }, timings }: JobExamRecord,
  order: readonly string[],
): JobExam {
  const rank = (stage: string): number => (order.includes(stage) ? order.indexOf(stage) : order.length);
  const skipped = Object.values(statuses).every((status) => status === 'skipped');
  const took = [...timings.values()].reduce((sum, { seconds }) => sum + seconds, 0);
  return {
    exam,
    outcome: outcome.outcome === 'failed' ? 'failed' : skipped ? 'skipped' : 'processed',
    ...(outcome.stage === undefined ? {} : { stage: outcome.stage }),
    ...(outcome.reason === undefined ? {} : { reason: outcome.reason }),
    bundle: outcome.bundle,
    seconds: timings.size === 0 ? null : took,
    stages: Object.entries(statuses)
      .sort(([a], [b]) => rank(a) - rank(b))
      .map(([stage, status]) => {
        const timing = timings.get(stage);
        const why =
          status === 'skipped' ? 'known already' : status === 'blocked' ? 'a stage before it failed' : undefined;
        return {
          stage,
          status,
          ...(timing === undefined ? {} : { seconds: timing.seconds }),
          ...(why === undefined ? {} : { why }),
        };
      }),
  };
}
