import { Command } from 'commander';
import { canonicalJson, type Json } from '../pipeline/canonical-json.js';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine, table } from './output.js';
import { withMammoflow } from './session.js';
import { parseAssignments } from './stage.js';

interface DestinationOptions extends CommonOptions {
  readonly branch: string;
  readonly message?: string;
}

/** `mammoflow destination`: where results go. */
export function destinationCommand(): Command {
  return new Command('destination')
    .description('say where results go as DICOM objects, and ask whether it answers')
    .addCommand(listCommand())
    .addCommand(setCommand())
    .addCommand(removeCommand())
    .addCommand(checkCommand())
    .addHelpText('after', '\nExample:\n  $ mammoflow destination list');
}

const common = (command: Command): Command =>
  command
    .option('--branch <name>', 'the branch whose destinations these are', DEFAULT_BRANCH)
    .addOption(dataOption())
    .addOption(jsonOption());

function listCommand(): Command {
  return common(new Command('list').description('list destinations'))
    .addHelpText('after', '\nExample:\n  $ mammoflow destination list')
    .action((options: DestinationOptions) =>
      withMammoflow(options.data, async (mammoflow) => {
        const rows = await mammoflow.destinations({ branch: options.branch });
        if (options.json) return printJson(rows);
        if (rows.length === 0) return printLine('none is set');
        printLine(
          table(
            ['DESTINATION', 'WHERE', 'SENDS', 'IDENTITY'],
            rows.map((row) => [
              row.destination,
              row.kind === 'web' ? row.url : `${row.calledTitle}@${row.host}:${row.port}`,
              row.automatic === undefined ? 'what is exported' : `what lands on ${row.automatic}`,
              row.identity,
            ]),
          ),
        );
      }),
    );
}

function setCommand(): Command {
  return common(
    new Command('set')
      .description('set a destination, in a commit')
      .argument('<destination>', 'what to call it')
      .argument('<settings...>', '<setting>=<value>; the value is JSON, or else text; null takes one away')
      .option('-m, --message <text>', "the commit's message"),
  )
    .addHelpText(
      'after',
      `
Settings: kind=web with url, and authorization, the name of a variable MAMMOFLOW_DESTINATION_… that holds the value of the
header Authorization where delivery workers run; kind=association with host, port, calledTitle and callingTitle. For both:
objects, threshold, toleranceMillimetres, renderingIntent, identity (original, pseudonyms), automatic (the branch whose results
are sent as they land), giveUpAfterHours. What is not named stays as it is.

Examples:
  $ mammoflow destination set pacs kind=association host=pacs port=104 calledTitle=ARCHIVE automatic=main
  $ mammoflow destination set web kind=web url=https://pacs/dicom-web authorization=MAMMOFLOW_DESTINATION_WEB`,
    )
    .action((destination: string, settings: string[], options: DestinationOptions) =>
      withMammoflow(options.data, async (mammoflow) => {
        const { branch, message } = options;
        const outcome = await mammoflow.setDestination({
          ...{ branch, destination, settings: parseAssignments(settings) },
          ...(message === undefined ? {} : { message }),
        });
        if (options.json) return printJson(outcome);
        if (outcome.commit === null) return printLine(`nothing to commit: ${destination} is set so already`);
        printLine(`commit ${outcome.commit}: destination ${destination}`);
        const parts = Object.entries(outcome.settings).map(
          ([name, value]) => `${name}=${canonicalJson(value as Json)}`,
        );
        printLine(`  ${parts.join(' ')}`);
      }),
    );
}

function removeCommand(): Command {
  return common(
    new Command('rm')
      .description('take a destination away, in a commit; what it got stays there')
      .argument('<destination>', 'its name')
      .option('-m, --message <text>', "the commit's message"),
  )
    .addHelpText('after', '\nExample:\n  $ mammoflow destination rm pacs')
    .action((destination: string, { branch, message, ...options }: DestinationOptions) =>
      withMammoflow(options.data, async (mammoflow) => {
        const outcome = await mammoflow.removeDestination({
          ...{ branch, destination },
          ...(message === undefined ? {} : { message }),
        });
        if (options.json) return printJson(outcome);
        printLine(`commit ${outcome.commit}: ${destination} is no destination any more`);
      }),
    );
}

function checkCommand(): Command {
  return common(
    new Command('check')
      .description('ask a destination whether it answers, from here, by C-ECHO or QIDO-RS')
      .argument('<destination>', 'its name'),
  )
    .addHelpText('after', '\nExample:\n  $ mammoflow destination check pacs')
    .action((destination: string, options: DestinationOptions) =>
      withMammoflow(options.data, async (mammoflow) => {
        const outcome = await mammoflow.checkDestination({ destination, branch: options.branch });
        if (options.json) return printJson(outcome);
        printLine(outcome.answer);
      }),
    );
}
