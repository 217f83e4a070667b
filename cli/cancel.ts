import { Command } from 'commander';
import { printJob } from './job-output.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson } from './output.js';
import { withMammoflow } from './session.js';

/** `mammoflow cancel`: ends a job and its exams; what they had finished is kept. */
export function cancelCommand(): Command {
  return new Command('cancel')
    .description('cancel a running job; results of exams it had finished are kept')
    .argument('<id>', 'the job')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ mammoflow cancel main-12-a1b2c3')
    .action((id: string, options: CommonOptions) =>
      withMammoflow(options.data, async (mammoflow) => {
        const summary = await mammoflow.cancel({ job: id });
        if (options.json) printJson(summary);
        else printJob(summary);
      }),
    );
}
