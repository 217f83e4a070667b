import { Command } from 'commander';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { type Scope, scopeSchema } from '../pipeline/job.js';
import { exitCodeOf, printJob } from './job-output.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson } from './output.js';
import { withMammoflow } from './session.js';
import { watchJob } from './watch-job.js';

interface ProcessOptions extends CommonOptions {
  readonly branch: string;
  readonly only?: string[];
  readonly wait?: boolean;
}

/** `mammoflow process`: brings results up to what a branch wants. */
export function processCommand(): Command {
  return new Command('process')
    .description('bring results up to what a branch wants')
    .option('--branch <name>', 'the branch to process', DEFAULT_BRANCH)
    .option('--only <exams...>', '`affected` (the default), `failed`, `all`, or exam ids')
    .option('--wait', 'wait until the job has ended, showing its progress')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Exams whose results are what is wanted are left alone, and so is everything that was computed before for the same input.
With nothing to do, the job that made the present results is named. Without --wait the command returns at once; with it,
Ctrl-C ends the waiting and not the job.

Exit code: 0 when no exam failed, 2 when some did, 1 when the job did.

Examples:
  $ mammoflow process --wait
  $ mammoflow process --only failed --wait
  $ mammoflow process --only exam-17 exam-18`,
    )
    .action((options: ProcessOptions) =>
      withMammoflow(options.data, async (mammoflow) => {
        const { job } = await mammoflow.process({ branch: options.branch, only: parseScope(options.only) });
        const summary = options.wait ? await watchJob(mammoflow, job) : await mammoflow.job({ job });
        if (options.json) printJson(summary);
        else printJob(summary);
        if (options.wait) process.exitCode = exitCodeOf(summary);
      }),
    );
}

function parseScope(words: readonly string[] | undefined): Scope {
  if (words === undefined) return 'affected';
  const scope = scopeSchema.safeParse(
    words.length === 1 && /^(affected|failed|all)$/.test(words[0] ?? '') ? words[0] : words,
  );
  if (scope.success) return scope.data;
  throw new MammoflowError(
    'invalid-argument',
    `--only ${words.join(' ')} names no exams.`,
    'Give affected, failed, all, or exam ids.',
  );
}
