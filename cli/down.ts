import { Command } from 'commander';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine } from './output.js';

/** `mammoflow down`: ends what `mammoflow up` started. */
export function downCommand(): Command {
  return new Command('down')
    .description('stop the workers and the embedded services, and wait until they have ended')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Nothing is deleted: stages that were running are done again after the next \`mammoflow up\`.

Example:
  $ mammoflow down`,
    )
    .action(async ({ data, json }: CommonOptions) => {
      const { stopSupervisor } = await import('../infra/dev/supervisor.js');
      const stopped = await stopSupervisor(data);
      if (json) printJson({ stopped });
      else printLine(stopped ? 'stopped' : `nothing runs on ${data}`);
    });
}
