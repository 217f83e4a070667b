import { Command } from 'commander';
import { exitCodeOf, printJob, runningText } from './job-output.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine } from './output.js';
import { withMammoflow } from './session.js';
import { watchJob } from './watch-job.js';

/** `mammoflow job`: how one job stands. */
export function jobCommand(): Command {
  return new Command('job')
    .description('show one job: exams, stages, how it ended')
    .argument('<id>', 'the id that `put`, `process` or `jobs` showed')
    .option('--watch', 'stay until it has ended, showing its progress')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Exit code: 0 when no exam failed, 2 when some did, 1 when the job did.

Example:
  $ mammoflow job main-12-a1b2c3 --watch`,
    )
    .action((id: string, options: CommonOptions & { watch?: boolean }) =>
      withMammoflow(options.data, async (mammoflow) => {
        if (options.watch) await watchJob(mammoflow, id);
        const { underWay = [], ...summary } = await mammoflow.job({ job: id });
        if (options.json) printJson(summary.status === 'running' ? { ...summary, underWay } : summary);
        else {
          printJob(summary);
          for (const stage of underWay) printLine(runningText(stage));
        }
        process.exitCode = exitCodeOf(summary);
      }),
    );
}
