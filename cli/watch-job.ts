import type { Connected, JobSummary } from '../index.js';
import { progressLine, progressText } from './job-output.js';
import { printNote } from './output.js';

/** As a shell takes it for a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/**
 * Waits for a job to end, with its id first and its progress on standard error. Ctrl-C ends the waiting, says how to go
 * on, and leaves the job alone.
 */
export async function watchJob(mammoflow: Connected, job: string): Promise<JobSummary> {
  const progress = progressLine('steps');
  printNote(`job ${job}`);
  const interrupted = (): void => {
    progress.clear();
    printNote(
      `job ${job} goes on; see it with \`mammoflow job ${job} --watch\`, or end it with \`mammoflow cancel ${job}\``,
    );
    process.exit(INTERRUPTED);
  };
  process.once('SIGINT', interrupted);
  try {
    return await mammoflow.waitForJob({ job, onProgress: (...latest) => progress.show(progressText(...latest)) });
  } finally {
    process.removeListener('SIGINT', interrupted);
    progress.clear();
  }
}
