import { Command } from 'commander';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import { type CommitOptions, type Committed, printFollowUp, startIfWanted } from './follow-up.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine, table } from './output.js';
import { type Session, withSession } from './session.js';

/** One row of `mammoflow branch list`. */
export interface BranchRow {
  readonly branch: string;
  readonly commit: string;
  readonly sequence: number;
  readonly time: string;
  readonly message: string;
}

/** What `mammoflow branch move --json` prints: `commit` is where the branch points now, `from` where it did. */
export interface MoveOutcome extends Committed {
  readonly branch: string;
  readonly from: string;
  readonly commit: string;
}

const short = (commit: string): string => commit.slice(0, 12);

/** `mammoflow branch`: names for lines of commits. */
export function branchCommand(): Command {
  return new Command('branch')
    .description('list, create, move or delete branches')
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
    .addCommand(listCommand())
    .addCommand(createCommand())
    .addCommand(moveCommand())
    .addCommand(deleteCommand());
}

function listCommand(): Command {
  return new Command('list')
    .description('list branches with their newest commits')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ mammoflow branch list')
    .action((options: CommonOptions) =>
      withSession(options.data, async ({ repository }) => {
        const rows: BranchRow[] = [];
        for await (const { name, commit } of repository.branches()) {
          const { sequence, time, message } = await repository.commit(commit);
          rows.push({ branch: name, commit, sequence, time, message });
        }
        if (options.json) return printJson(rows);
        if (rows.length === 0) return printLine('no branches yet');
        const cells = rows.map((row) => [row.branch, short(row.commit), row.sequence, row.time, row.message]);
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
      withSession(options.data, async ({ repository }) => {
        const commit = await repository.resolve(ref);
        await repository.createBranch(name, commit);
        if (options.json) return printJson({ branch: name, commit: commit.id });
        printLine(`branch ${name} begins at ${short(commit.id)} (${ref})`);
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
      withSession(options.data, async (session) => {
        const outcome = await moveBranch(session, name, ref, options);
        if (options.json) return printJson(outcome);
        const { from, commit, job } = outcome;
        if (from === commit) return printLine(`branch ${name} is at ${short(commit)} already`);
        printLine(`branch ${name} moved from ${short(from)} to ${short(commit)}`);
        printLine(`\`mammoflow branch move ${name} ${short(from)}\` moves it back`);
        printFollowUp(job, options);
      }),
    );
}

/** Moves a branch and starts a job if what it points at now wants something. */
export async function moveBranch(
  session: Session,
  branch: string,
  ref: string,
  options: Pick<CommitOptions, 'process'>,
): Promise<MoveOutcome> {
  const to = await session.repository.resolve(ref);
  const from = await session.repository.moveBranch(branch, to);
  const done = `The branch ${branch} is moved from ${short(from)} to ${short(to.id)}`;
  const job = from === to.id ? null : await startIfWanted(session, to, { ...options, branch }, done);
  return { branch, from, commit: to.id, job };
}

function deleteCommand(): Command {
  return new Command('delete')
    .description('delete a branch; its commits stay until they are cleaned up')
    .argument('<name>', `any branch but ${DEFAULT_BRANCH}`)
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ mammoflow branch delete trial')
    .action((name: string, options: CommonOptions) =>
      withSession(options.data, async ({ repository }) => {
        const commit = await repository.deleteBranch(name);
        if (options.json) return printJson({ branch: name, commit });
        printLine(`branch ${name} deleted; \`mammoflow branch create ${name} ${short(commit)}\` brings it back`);
      }),
    );
}
