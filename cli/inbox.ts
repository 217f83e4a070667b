import { Command, Option } from 'commander';
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
Whatever any S3 client uploads to inbox/exams/<exam>/<view>.png, inbox/models/<bundle>/<file> or, as DICOM objects of any
name, below inbox/dicom/ is committed by itself: an exam when all four views are there and nothing came for a moment (of
DICOM objects at once), a bundle when all files are there that its model.json names. States:
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
    .addOption(new Option('--models', 'they are bundles').conflicts('dicom'))
    .addOption(new Option('--dicom', 'they are of DICOM objects, which are removed for good'))
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Their files are moved to dismissed/<exams|models>/<name>/<time>/ in the same bucket, where nothing looks for them; any S3
client can move them back. Files that arrive meanwhile stay in the inbox. DICOM objects say whose they are, and their source
has them: with --dicom they are removed, with all their versions. Names are those that \`mammoflow inbox\` shows after dicom/.

Examples:
  $ mammoflow inbox dismiss exam-17
  $ mammoflow inbox dismiss --dicom dx-3f0c… object-91ab…`,
    )
    .action((names: string[], options: CommonOptions & { models?: boolean; dicom?: boolean }) =>
      withMammoflow(options.data, async (mammoflow) => {
        const repo = options.dicom === true ? 'dicom' : options.models === true ? 'models' : 'exams';
        const outcome = await mammoflow.dismiss({ repo, names });
        if (options.json) return printJson(outcome);
        for (const { name, keys } of outcome.dismissed) {
          if (repo === 'dicom') {
            printLine(`${name}: ${keys.length} object${keys.length === 1 ? '' : 's'} removed`);
            continue;
          }
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
