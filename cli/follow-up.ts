import type { FollowUp } from '../index.js';
import { printLine } from './output.js';

/** Where a verb commits, and whether the job that follows is started, as its options say. */
export interface CommitOptions {
  readonly branch: string;
  readonly process: boolean;
  readonly message?: string;
}

export const ON_HOLD = 'no job started, because the branch is on hold; `mammoflow process` starts one all the same';

/** The last lines of a verb that commits, for people. */
export function printFollowUp({ job, held }: FollowUp, { process: asked }: Pick<CommitOptions, 'process'>): void {
  if (held) printLine(ON_HOLD);
  else if (job !== null) printLine(`job ${job} started; see it with \`mammoflow job ${job} --watch\``);
  else if (asked) printLine('no job started: no exam wants anything that it does not have');
  else printLine('no job started; `mammoflow process` brings results up to date whenever you like');
}
