import type { RunningStage } from '../api/jobs/running-stages.js';
import { secondsLeft } from '../api/jobs/time-left.js';
import { durationText } from '../pipeline/inbox.js';
import type { JobSummary } from '../pipeline/job.js';
import { printLine, table } from './output.js';

/** `2 processed, 1 failed`; what is zero is left out, unless everything is. */
export function examCounts({ processed, skipped, failed }: JobSummary['exams']): string {
  const parts = [
    [processed, 'processed'],
    [skipped, 'skipped'],
    [failed, 'failed'],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  return told.length === 0 ? 'no exams' : told.join(', ');
}

/** While a job runs, how many of its exams it has come to. */
function countsOf({ status, exams, total }: JobSummary): string {
  if (status !== 'running' || total === 0) return examCounts(exams);
  return `${exams.processed + exams.skipped + exams.failed} of ${total} exams`;
}

/** A job for people: its outcome first, then the stages. */
export function printJob(summary: JobSummary): void {
  printLine(`job ${summary.job} ${summary.status}: ${countsOf(summary)}`);
  if (summary.reason !== undefined && summary.reason !== '') printLine(`  ${summary.reason}`);
  if (summary.dropped > 0) printLine(`  ${summary.dropped} not committed, because something newer is wanted of them`);
  const { failedBefore = 0, forgotten = 0 } = summary;
  if (failedBefore > 0) {
    const advice = '`mammoflow process --only failed` does';
    printLine(`  failed before this job and not tried again, because nothing changed: ${failedBefore} (${advice})`);
  }
  if (forgotten > 0) printLine(`  ${forgotten} erased meanwhile`);
  const rows = Object.entries(summary.stages).map(([stage, counts]) => [
    stage,
    counts.computed,
    counts.skipped,
    counts.failed,
    counts.blocked,
  ]);
  if (rows.length > 0) printLine(table(['STAGE', 'COMPUTED', 'SKIPPED', 'FAILED', 'BLOCKED'], rows));
}

/** The exit code that a job's end asks for: 0 when all is well, 2 when exams failed, 1 when the job did. */
export function exitCodeOf({ status, exams }: JobSummary): number {
  if (status === 'failed' || status === 'cancelled') return 1;
  return exams.failed > 0 ? 2 : 0;
}

/**
 * Progress on standard error: on a terminal one line that is written over; elsewhere a line a change for `steps`, which
 * are few, and nothing for what changes many times a second.
 */
export function progressLine(changes: 'steps' | 'stream' = 'stream', stream: NodeJS.WriteStream = process.stderr) {
  const live = stream.isTTY === true;
  let told = '';
  const clear = (): void => {
    if (live) stream.write('\r\x1b[2K');
  };
  const show = (text: string): void => {
    if (live) {
      clear();
      stream.write(text.slice(0, Math.max(20, stream.columns - 1)));
    } else if (changes === 'steps' && text !== told) {
      stream.write(`${text}\n`);
    }
    told = text;
  };
  return { show, clear };
}

/** How a running job stands, in one line: the exams first, then what is being done, and what is being tried again. */
export function progressText(summary: JobSummary, underWay: readonly RunningStage[], now = Date.now()): string {
  const { processed, skipped, failed } = summary.exams;
  if (summary.total === 0) return [summary.reason ?? 'planning', ...underWay.map(runningText)].join(', ');
  const done = processed + skipped + failed;
  // Nothing is under way any more, whatever was when it was looked for.
  const doing = done < summary.total ? underWay.map(runningText) : ['committing results'];
  const left = secondsLeft(summary, now);
  const time = left === undefined || done === summary.total ? [] : [`about ${durationText(left * 1_000)} left`];
  return [`${done} of ${summary.total} exams`, ...time, ...doing].join(', ');
}

/** What an exam or the job itself is at, what it waits for, or why, how often and since when it is tried again. */
export function runningText({ exam, stage, step, waiting, ...retry }: RunningStage): string {
  const what = [exam, stage, step].filter(Boolean).join(' ');
  if (waiting !== undefined) return `${what} waits: ${waiting}`;
  return retry.retrying === undefined ? what : `${what} is tried again${retryText(retry)}: ${retry.retrying}`;
}

/** ` (attempt 4, since 18:02:11)`; nothing where it is not known. */
export function retryText({ attempt, since }: { attempt?: number; since?: string }): string {
  const known = [
    ...(attempt === undefined ? [] : [`attempt ${attempt}`]),
    ...(since === undefined ? [] : [`since ${new Date(since).toLocaleTimeString('sv-SE')}`]),
  ];
  return known.length === 0 ? '' : ` (${known.join(', ')})`;
}
