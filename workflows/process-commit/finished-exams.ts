import { condition, sleep } from '@temporalio/workflow';
import type { ExamReport } from '../../pipeline/job.js';
import { control } from './control.js';
import { showDetails } from './details.js';
import { startLandingTimer } from './landing.js';
import type { JobState } from './state.js';
import { addReport } from './tally.js';

/** How often exams under way are checked for having died without a word. */
const SWEEP_INTERVAL = '30 seconds';

/** Takes the report of a child, once: it may come twice. */
export function examIsFinished(state: JobState, report: ExamReport): void {
  if (!state.underWay.delete(report.exam)) return;
  addReport(state.tally, report);
  // Nothing lands of an exam that was erased meanwhile.
  if (report.outcome !== 'forgotten') state.toLand.push(report.exam);
  startLandingTimer(state);
  showDetails(state);
}

/** Makes a sweep due again and again, for as long as the run lives. */
export async function sweepRegularly(state: JobState): Promise<void> {
  for (;;) {
    await sleep(SWEEP_INTERVAL);
    state.sweepDue = true;
    await condition(() => !state.sweepDue);
  }
}

/** Exams whose child is over without having reported: their signal was lost, or they were terminated. */
export async function sweep(state: JobState): Promise<void> {
  const lost = state.underWay.size === 0 ? [] : await control.findLostExams(state.id, [...state.underWay]);
  for (const { exam, report, reason } of lost) {
    if (report !== undefined) examIsFinished(state, report);
    else if (state.underWay.delete(exam))
      addReport(state.tally, { exam, outcome: 'failed', stages: {}, ...(reason === undefined ? {} : { reason }) });
  }
  state.sweepDue = false;
}
