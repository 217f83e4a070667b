import { Command } from 'commander';
import type { BranchRow } from '../index.js';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import { type CommitOptions, printFollowUp } from './follow-up.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine, table } from './output.js';
import { withMammoflow } from './session.js';

const short = (commit: string): string => commit.slice(0, 12);

/** `mammoflow branch`: names for lines of commits. */
export function branchCommand(): Command {
  return new Command('branch')
    .description('list, create, move or delete branches, and put them on hold')
    .addHelpText(
      'after',
      `
A branch has exams, models, pipeline and results of its own, and begins with those of the commit it is created at.
Nothing is copied, and what one branch has computed the others need not compute.

Example:
  $ mammoflow branch create trial
  $ mammoflow stage set extract_centers offset=[20,0] --branch trial
  $ mammoflow branch move main trial`,
    )
    .addCommand(listCommand(), { isDefault: true })
    .addCommand(createCommand())
    .addCommand(moveCommand())
    .addCommand(holdCommand())
    .addCommand(releaseCommand())
    .addCommand(deleteCommand());
}

function listCommand(): Command {
  return new Command('list')
    .description('list branches with their newest commits')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ mammoflow branch list')
    .action((options: CommonOptions) =>
      withMammoflow(options.data, async (mammoflow) => {
        const rows: BranchRow[] = [];
        for await (const row of mammoflow.branches()) rows.push(row);
        if (options.json) return printJson(rows);
        if (rows.length === 0) return printLine('no branches yet');
        const cells = rows.map((row) => [
          row.hold ? `${row.branch} (on hold)` : row.branch,
          short(row.commit),
          row.damage === undefined ? row.sequence : '',
          row.time,
          row.damage === undefined ? row.message : `DAMAGED: ${row.damage} See \`mammoflow verify ${row.branch}\`.`,
        ]);
        printLine(table(['BRANCH', 'COMMIT', 'SEQUENCE', 'TIME', 'MESSAGE'], cells));
      }),
    );
}

function createCommand(): Command {
  return new Command('create')
    .description('begin a branch at a commit')
    .argument('<name>', 'letters, digits, ".", "_" and "-"')
    .argument('[ref]', 'where it begins: a commit, a branch, or branch~n', DEFAULT_BRANCH)
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ mammoflow branch create trial main~1')
    .action((name: string, ref: string, options: CommonOptions) =>
      withMammoflow(options.data, async (mammoflow) => {
        const point = await mammoflow.createBranch({ branch: name, ref });
        if (options.json) return printJson(point);
        printLine(`branch ${name} begins at ${short(point.commit)} (${ref})`);
      }),
    );
}

function moveCommand(): Command {
  return new Command('move')
    .description('point a branch at another commit, and start processing if its exams then want something')
    .argument('<name>', 'the branch')
    .argument('<ref>', 'where to: a commit, a branch, or branch~n')
    .option('--no-process', 'move only; `mammoflow process` does the rest later')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Commits that no branch leads to any more stay until they are cleaned up, and the branch can be moved back.

Example:
  $ mammoflow branch move main trial`,
    )
    .action((name: string, ref: string, options: CommonOptions & Pick<CommitOptions, 'process'>) =>
      withMammoflow(options.data, async (mammoflow) => {
        const outcome = await mammoflow.moveBranch({ branch: name, ref, process: options.process });
        if (options.json) return printJson(outcome);
        const { from, commit } = outcome;
        if (from === commit) return printLine(`branch ${name} is at ${short(commit)} already`);
        printLine(`branch ${name} moved from ${short(from)} to ${short(commit)}`);
        printLine(`\`mammoflow branch move ${name} ${short(from)}\` moves it back`);
        printFollowUp(outcome, options);
      }),
    );
}

function holdCommand(): Command {
  return new Command('hold')
    .description('commit to a branch as usual, but start no job until `mammoflow process` is called')
    .argument('<name>', 'the branch')
    .option('--reason <text>', 'kept with the hold')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
While a branch is on hold, nothing that commits to it starts a job: neither what arrives in the inbox, nor put, models
use, stage set, revert or branch move. Jobs that run go on. \`mammoflow process\` starts a job at any time, and
\`mammoflow branch release\` ends the hold and starts the job that is due.

Example:
  $ mammoflow branch hold main --reason "waiting for the new model"`,
    )
    .action((name: string, options: CommonOptions & { reason?: string }) =>
      withMammoflow(options.data, async (mammoflow) => {
        const { reason } = options;
        const { before, ...outcome } = await mammoflow.holdBranch({
          branch: name,
          ...(reason === undefined ? {} : { reason }),
        });
        if (options.json) return printJson(outcome);
        printLine(`branch ${name} is on hold${before === null ? '' : ` since ${before.since}, by ${before.author}`}`);
        printLine(`\`mammoflow branch release ${name}\` ends it`);
      }),
    );
}

function releaseCommand(): Command {
  return new Command('release')
    .description('end the hold of a branch, and start the job that is due')
    .argument('<name>', 'the branch')
    .option('--no-process', 'start no job; `mammoflow process` does it later')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ mammoflow branch release main')
    .action((name: string, options: CommonOptions & Pick<CommitOptions, 'process'>) =>
      withMammoflow(options.data, async (mammoflow) => {
        const { before, ...outcome } = await mammoflow.releaseBranch({ branch: name, process: options.process });
        if (options.json) return printJson(outcome);
        printLine(
          before === null
            ? `branch ${name} was not on hold`
            : `branch ${name} is released; it was on hold since ${before.since}, by ${before.author}`,
        );
        printFollowUp(outcome, options);
      }),
    );
}

function deleteCommand(): Command {
  return new Command('delete')
    .description('delete a branch; its commits stay until they are cleaned up')
    .argument('<name>', `any branch but ${DEFAULT_BRANCH}`)
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ mammoflow branch delete trial')
    .action((name: string, options: CommonOptions) =>
      withMammoflow(options.data, async (mammoflow) => {
        const { commit } = await mammoflow.deleteBranch({ branch: name });
        if (options.json) return printJson({ branch: name, commit });
        printLine(`branch ${name} deleted; \`mammoflow branch create ${name} ${short(commit)}\` brings it back`);
      }),
    );
}
