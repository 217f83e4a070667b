import { join } from 'node:path';
import { Command, Option } from 'commander';
import type { ForgetOutcome, ForgetPreview } from '../index.js';
import { type CommonOptions, dataOption, jsonOption, parseCount } from './options.js';
import { printJson, printLine, table } from './output.js';
import { withMammoflow } from './session.js';

/** Workers look for erasures every ten seconds, and a stage that is cancelled may take half a minute to hear of it. */
const WAIT_SECONDS = 90;

interface ForgetOptions extends CommonOptions {
  readonly yes?: boolean;
  readonly reason?: string;
  readonly wait: number;
  readonly cache?: string;
}

/** `mammoflow forget`: erases exams with everything derived from them, and proves it. */
export function forgetCommand(): Command {
  return new Command('forget')
    .description('erase every version of exams and of everything made from them, and prove it by listing')
    .argument('<exam...>', 'the exams')
    .option('--yes', 'do it; without, only show what would be removed')
    .option('--reason <text>', 'kept with the note that the exam was erased')
    .option('--wait <seconds>', 'how long to wait for workers to clean their disk caches', parseCount, WAIT_SECONDS)
    .addOption(new Option('--cache <folder>', 'where workers on this machine keep inputs').env('MAMMOFLOW_CACHE'))
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Removes images, results, predictions, records and uploads not taken in yet, on every branch and in all of history. What
stays are names and hashes: the commits and trees that held the exam, the plans of jobs, and a note that it was erased.
Jobs that are running go on without it. An exam put later under the same name is a new one.

The exit code is 0 when a listing finds nothing left and every worker has confirmed that its disk cache is clean.

Example:
  $ mammoflow forget exam-17 --reason "consent withdrawn" --yes`,
    )
    .action((exams: string[], options: ForgetOptions) =>
      withMammoflow(options.data, async (mammoflow) => {
        if (options.yes !== true) {
          printPreview(await mammoflow.previewForget({ exams }), options);
          return;
        }
        const outcome = await mammoflow.forget({
          exams,
          wait: options.wait,
          cacheFolder: options.cache ?? join(options.data, 'cache'),
          ...(options.reason === undefined ? {} : { reason: options.reason }),
        });
        const clean = outcome.exams.every(({ remaining }) => remaining === 0);
        if (!clean || outcome.caches.unconfirmed.length > 0) process.exitCode = 1;
        if (options.json) printJson(outcome);
        else printOutcome(outcome);
      }),
    );
}

function printPreview(preview: ForgetPreview, { json }: ForgetOptions): void {
  if (json) {
    printJson(preview);
    return;
  }
  for (const { exam, wouldRemove } of preview.exams) printCounts(exam, wouldRemove);
  printLine('Nothing was removed. Add --yes to remove all of it for ever.');
}

function printOutcome({ exams, commits, cancelled, caches }: ForgetOutcome): void {
  for (const { exam, removed, remaining } of exams) {
    printCounts(exam, removed);
    printLine(`${exam}: ${remaining} versions remain`);
  }
  for (const { branch, commit } of commits) printLine(`commit ${commit.slice(0, 12)} on ${branch}`);
  if (cancelled.length > 0) printLine(`cancelled: ${cancelled.join(', ')}`);
  printLine(`disk caches: ${caches.removedHere} files removed here; confirmed by ${list(caches.confirmed)}`);
  if (caches.unconfirmed.length === 0) return;
  printLine(`NOT confirmed by ${list(caches.unconfirmed)}: a worker that has ended confirms when it starts again.`);
  printLine('Start it, or delete its cache folder, and run this again.');
}

const list = (names: readonly string[]): string => (names.length === 0 ? 'no worker' : names.join(', '));

function printCounts(exam: string, counts: Readonly<Record<string, number>>): void {
  const rows = Object.entries(counts);
  if (rows.length > 0) printLine(table([exam, 'VERSIONS'], rows));
}
