import { Command } from 'commander';
import type { DeliveryRow } from '../index.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine, table } from './output.js';
import { withMammoflow } from './session.js';

interface DeliveriesCommandOptions extends CommonOptions {
  readonly to?: string;
}

/** `mammoflow deliveries`: what destinations did not get, and sending it again. */
export function deliveriesCommand(): Command {
  return new Command('deliveries')
    .description('what destinations should have and have not, and send it again')
    .argument('[exam]', 'all that destinations got of this exam, too')
    .option('--to <destination>', 'only this destination')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addCommand(retryCommand())
    .addHelpText(
      'after',
      `
Examples:
  $ mammoflow deliveries
  $ mammoflow deliveries dx-3f0c1a2b3c4d5e6f7a8b
  $ mammoflow deliveries retry --to pacs`,
    )
    .action((exam: string | undefined, options: DeliveriesCommandOptions) =>
      withMammoflow(options.data, async (mammoflow) => {
        const rows: DeliveryRow[] = [];
        for await (const row of mammoflow.deliveries({ exam, destination: options.to })) rows.push(row);
        if (options.json) return printJson(rows);
        if (rows.length === 0)
          return printLine(exam === undefined ? 'everything was delivered' : 'nothing was sent of it');
        printLine(
          table(
            ['EXAM', 'DESTINATION', 'STATUS', 'AT', 'OBJECTS', 'REASON'],
            rows.map(({ exam: name, destination, status, at, stored, reason }) => [
              name,
              destination,
              status,
              at,
              stored ?? '',
              reason ?? '',
            ]),
          ),
        );
      }),
    );
}

function retryCommand(): Command {
  return new Command('retry')
    .description('send again what was not delivered')
    .argument('[exams...]', 'only of these exams')
    .option('--to <destination>', 'only to this destination')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
What a destination has by now is not sent twice, and what was superseded meanwhile is replaced by what is newest.

Example:
  $ mammoflow deliveries retry --to pacs`,
    )
    .action((exams: string[], _: unknown, command: Command) => {
      const options = command.optsWithGlobals<DeliveriesCommandOptions>();
      return withMammoflow(options.data, async (mammoflow) => {
        const outcome = await mammoflow.retryDeliveries({
          exams: exams.length === 0 ? undefined : exams,
          destination: options.to,
        });
        if (options.json) return printJson(outcome);
        for (const { exam, destination } of outcome.started) printLine(`${exam}: sent to ${destination} again`);
        for (const { exam, destination } of outcome.left)
          printLine(`${exam}: ${destination} is no destination any more`);
        if (outcome.started.length + outcome.left.length === 0) printLine('nothing waits to be sent again');
      });
    });
}
