import type { JobSummary } from '../../pipeline/job.js';

/** Fewer say little about how long one takes. */
const FEWEST = 3;

/**
 * Seconds until a running job has come to all its exams, at the rate at which it has computed so far. Exams that were
 * skipped, or had failed before, took no time and do not count. Undefined while too few are computed.
 *
 * @param now the time now in milliseconds.
 */
export function secondsLeft(
  { status, startedAt, exams, total, failedBefore = 0 }: JobSummary,
  now: number,
): number | undefined {
  const computed = exams.processed + exams.failed - failedBefore;
  if (status !== 'running' || startedAt === undefined || computed < FEWEST) return undefined;
  const left = total - exams.processed - exams.skipped - exams.failed;
  const elapsed = Math.max(0, now - Date.parse(startedAt)) / 1_000;
  return Math.round((left * elapsed) / computed);
}
