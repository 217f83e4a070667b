import { type ExamReport, NO_STAGE_COUNTS, type Plan, type StageCounts } from '../../pipeline/job.js';

/** The running counts of a job, plain data that is carried over continue-as-new. */
export interface JobTally {
  readonly exams: { processed: number; skipped: number; failed: number };
  readonly stages: Record<string, StageCounts>;
  /** The first few failures, for the details shown in the UI; all of them are in the outcomes. */
  readonly failures: { exam: string; reason: string }[];
  dropped: number;
  /** Of the failed exams, those that were known to fail before this job, and were not tried again. */
  failedBefore?: number;
  /** Exams that were erased while the job had them: they are in scope no more. */
  forgotten?: number;
  /** The newest commit this job made. */
  commit?: string;
}

const FAILURES_SHOWN = 20;

export const emptyTally = (): JobTally => ({
  exams: { processed: 0, skipped: 0, failed: 0 },
  stages: {},
  failures: [],
  dropped: 0,
});

/** Exams that planning found to be as wanted count as skipped in every stage, known failures as failed. */
export function addUpToDate(tally: JobTally, plan: Plan): void {
  tally.exams.skipped += plan.upToDate;
  tally.exams.failed += plan.knownFailed;
  if (plan.knownFailed > 0) tally.failedBefore = (tally.failedBefore ?? 0) + plan.knownFailed;
  for (const { name } of plan.graph) tally.stages[name] = { ...NO_STAGE_COUNTS, skipped: plan.upToDate };
}

/** Exams whose results were known already: skipped in every stage, except those known to fail. */
export function addResolved(tally: JobTally, plan: Plan, resolved: number, failed = 0): void {
  const exams = resolved - failed;
  tally.exams.skipped += exams;
  tally.exams.failed += failed;
  if (failed > 0) tally.failedBefore = (tally.failedBefore ?? 0) + failed;
  for (const { name } of plan.graph) {
    const counts = tally.stages[name] ?? { ...NO_STAGE_COUNTS };
    tally.stages[name] = { ...counts, skipped: counts.skipped + exams };
  }
}

export function addReport(tally: JobTally, report: ExamReport): void {
  if (report.outcome === 'forgotten') {
    tally.forgotten = (tally.forgotten ?? 0) + 1;
    return;
  }
  tally.exams[report.outcome] += 1;
  for (const [stage, status] of Object.entries(report.stages)) {
    const counts = tally.stages[stage] ?? { ...NO_STAGE_COUNTS };
    counts[status] += 1;
    tally.stages[stage] = counts;
  }
  if (report.outcome === 'failed' && tally.failures.length < FAILURES_SHOWN) {
    tally.failures.push({ exam: report.exam, reason: report.reason ?? 'unknown' });
  }
}
