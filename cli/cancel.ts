import { WorkflowNotFoundError } from '@temporalio/client';
import { Command } from 'commander';
import { waitForJob } from '../api/jobs/jobs-client.js';
import { MammoflowError } from '../pipeline/errors.js';
import { printJob } from './job-output.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson } from './output.js';
import { withSession } from './session.js';

/** `mammoflow cancel`: ends a job and its exams; what they had finished is kept. */
export function cancelCommand(): Command {
  return new Command('cancel')
    .description('cancel a running job; results of exams it had finished are kept')
    .argument('<id>', 'the job')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ mammoflow cancel main-12-a1b2c3')
    .action((id: string, options: CommonOptions) =>
      withSession(options.data, async (session) => {
        const client = await session.client();
        try {
          await client.workflow.getHandle(id).cancel();
        } catch (error) {
          if (!(error instanceof WorkflowNotFoundError)) throw error;
          throw new MammoflowError('not-found', `There is no running job ${id}.`, 'See `mammoflow jobs`.');
        }
        const summary = await waitForJob(client, session.repository, id, () => undefined);
        if (options.json) printJson(summary);
        else printJob(summary);
      }),
    );
}
