import { Command } from 'commander';
import type { Finding, RepairOutcome, VerifyOutcome } from '../index.js';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import { progressLine } from './job-output.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine, printNote } from './output.js';
import { withMammoflow } from './session.js';

interface VerifyOptions extends CommonOptions {
  readonly deep?: boolean;
  readonly repair?: boolean;
  readonly wait: boolean;
}

/** `mammoflow verify`: proves that what a branch names is there and whole. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description('look at every object that a branch, a commit or an exam names, and say what is damaged or gone')
    .argument('[target]', 'a branch, a commit, branch~n, or an exam of main', DEFAULT_BRANCH)
    .option('--deep', 'read every byte, instead of asking the server for sizes and checksums')
    .option('--repair', 'mend what can be mended: computes again what is derived')
    .option('--no-wait', 'with --repair: do not wait for the job')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Without --deep the server is believed what it says of an object, which shows what is gone and not what its disk has
damaged. --repair brings back what earlier versions or equal files in the bucket have, starts a job for everything that
can be computed, waits for it and looks again. What people put and nothing has any more is named, with what to do.

Exit code: 0 when everything is whole, 1 while anything is damaged or gone.

Examples:
  $ mammoflow verify
  $ mammoflow verify exam-17 --deep
  $ mammoflow verify --deep --repair`,
    )
    .action((target: string, { deep = false, repair = false, wait, json, data }: VerifyOptions) =>
      withMammoflow(data, async (mammoflow) => {
        const progress = progressLine();
        const onProgress = (objects: number, faults: number): void =>
          progress.show(`${objects} objects${faults === 0 ? '' : `, ${faults} damaged or gone`}`);
        const onJob = (job: string): void => printNote(`job ${job} computes again what can be computed`);
        const looking: Promise<VerifyOutcome & Partial<RepairOutcome>> = repair
          ? mammoflow.repair({ target, deep, wait, onProgress, onJob })
          : mammoflow.verify({ target, deep, onProgress });
        const outcome = await looking.finally(() => progress.clear());
        if (outcome.damaged.length + outcome.missing.length > 0) process.exitCode = 1;
        if (json) printJson({ ...outcome, repaired: outcome.repaired ?? [] });
        else printOutcome(outcome, repair);
      }),
    );
}

function printOutcome(outcome: VerifyOutcome & Partial<RepairOutcome>, wasRepair: boolean): void {
  const { objects, damaged, missing, repaired = [] } = outcome;
  const line = (state: string, { what, key, versionId, next }: Finding): void => {
    printLine(`${state.padEnd(8)}  ${what}  (${key}${versionId === '' ? '' : `, version ${versionId}`})`);
    if (next !== undefined) printLine(`${' '.repeat(10)}-> ${next}`);
  };
  for (const { what, key, versionId } of repaired) line('repaired', { what, key, versionId });
  for (const finding of damaged) line('damaged', finding);
  for (const finding of missing) line('gone', finding);
  const bad = damaged.length + missing.length;
  printLine(bad === 0 ? `${objects} objects, all whole` : `${objects} objects, ${bad} damaged or gone`);
  const isDerived = [...damaged, ...missing].some(({ next }) => next === undefined);
  if (isDerived && !wasRepair) printLine('Mend what can be mended with `mammoflow verify --deep --repair`.');
}
