import { setCurrentDetails } from '@temporalio/workflow';
import type { JobState } from './state.js';

/** Shows in the Temporal UI how the job stands. */
export function showDetails({ tally, plan }: JobState): void {
  const { processed, skipped, failed } = tally.exams;
  const total = (plan?.exams ?? 0) - (tally.forgotten ?? 0);
  const rows = Object.entries(tally.stages).map(
    ([stage, counts]) => `| ${stage} | ${counts.computed} | ${counts.skipped} | ${counts.failed} | ${counts.blocked} |`,
  );
  const before = tally.failedBefore ? ` (${tally.failedBefore} of them before this job)` : '';
  setCurrentDetails(
    [
      `**${processed + skipped + failed} of ${total} exams**: ${processed} processed, ${skipped} skipped, ${failed} failed${before}`,
      '',
      '| stage | computed | skipped | failed | blocked |',
      '|---|---|---|---|---|',
      ...rows,
      ...tally.failures.map(({ exam, reason }) => `\n**${exam}** failed: ${reason}`),
    ].join('\n'),
  );
}
