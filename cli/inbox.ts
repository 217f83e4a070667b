import { Command } from 'commander';
import type { InboxReport } from '../index.js';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine, table } from './output.js';
import { withMammoflow } from './session.js';

/** `mammoflow inbox`: what was uploaded and is not taken in yet. */
export function inboxCommand(): Command {
  return (
    new Command('inbox')
      .description('show what lies in the inbox, for what it waits and since when')
      .option('--branch <name>', 'the branch that it is taken into', DEFAULT_BRANCH)
      .addOption(dataOption())
      .addOption(jsonOption())
      .addHelpText(
        'after',
        `
Whatever any S3 client uploads to inbox/exams/<exam>/<view>.png or inbox/models/<bundle>/<file> is committed by itself:
an exam when all four views are there and nothing came for a moment, a bundle when all files are there that its
model.json names. States:
  incomplete  waits for views or files
  settling    complete, and waits for a moment of quiet
  ready       about to be taken in
  refused     cannot be right; it stays until its files are replaced or dismissed
Other files are left where they are, and counted.

Examples:
  $ mammoflow inbox
  $ mammoflow inbox dismiss exam-17`,
      )
      .addCommand(dismissCommand())
      .addCommand(lookCommand())
      // Or it would take the options of `dismiss` for its own.
      .enablePositionalOptions()
      .action((options: CommonOptions & { branch: string }) =>
        withMammoflow(options.data, async (mammoflow) => {
          const report = await mammoflow.inbox({ branch: options.branch });
          if (options.json) printJson(report);
          else printReport(report);
        }),
      )
  );
}

function printReport({ items, stray, overdue }: InboxReport): void {
  if (items.length === 0) printLine('nothing in the inbox waits to be taken in');
  else {
    const rows = items.map(({ repo, name, state, since, sentence }) => [`${repo}/${name}`, state, since, sentence]);
    printLine(table(['ITEM', 'STATE', 'SINCE', ''], rows));
  }
  if (overdue > 0) printLine(`incomplete for too long: ${overdue}; \`mammoflow inbox dismiss\` takes them out`);
  if (stray.files > 0) {
    const more = stray.files > stray.examples.length ? ', …' : '';
    printLine(`stray files, left where they are: ${stray.files} (${stray.examples.join(', ')}${more})`);
    for (const { folder, sentence } of stray.folders ?? []) printLine(`  ${folder} ${sentence}`);
  }
}

function dismissCommand(): Command {
  return new Command('dismiss')
    .description('take exams out of the inbox without committing them')
    .argument('<name...>', 'exams, or bundles with --models')
    .option('--models', 'they are bundles')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Their files are moved to dismissed/<exams|models>/<name>/<time>/ in the same bucket, where nothing looks for them; any S3
client can move them back. Files that arrive meanwhile stay in the inbox.

Example:
  $ mammoflow inbox dismiss exam-17`,
    )
    .action((names: string[], options: CommonOptions & { models?: boolean }) =>
      withMammoflow(options.data, async (mammoflow) => {
        const outcome = await mammoflow.dismiss({ repo: options.models === true ? 'models' : 'exams', names });
        if (options.json) return printJson(outcome);
        for (const { name, keys } of outcome.dismissed) {
          const folder = keys[0]?.slice(0, keys[0].lastIndexOf('/') + 1);
          printLine(`${name}: ${keys.length} file${keys.length === 1 ? '' : 's'} moved to ${folder}`);
        }
      }),
    );
}

function lookCommand(): Command {
  return new Command('look')
    .description('have the inbox looked into now, instead of when an event or the clock says so')
    .option('--branch <name>', 'the branch that it is taken into', DEFAULT_BRANCH)
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ mammoflow inbox look')
    .action((options: CommonOptions & { branch: string }) =>
      withMammoflow(options.data, async (mammoflow) => {
        const asked = await mammoflow.lookIntoInbox({ branch: options.branch });
        if (options.json) printJson(asked);
        else printLine(`asked for a look into the inbox for ${asked.branch}; see \`mammoflow inbox\``);
      }),
    );
}
