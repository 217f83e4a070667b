import { Command } from 'commander';
import { DEFAULT_BRANCH, type Hold } from '../pipeline/commit.js';
import { type CommitOptions, type Committed, type FollowUp, printFollowUp, startIfWanted } from './follow-up.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine, table } from './output.js';
import { author, requireHead, type Session, withSession } from './session.js';

/** One row of `mammoflow branch list`. */
export interface BranchRow {
  readonly branch: string;
  readonly commit: string;
  readonly sequence: number;
  readonly time: string;
  readonly message: string;
  /** Present when it is on hold. */
  readonly hold?: Hold;
}

/** What `mammoflow branch hold` and `release` print with `--json`. */
export interface HoldOutcome extends FollowUp {
  readonly branch: string;
  /** The hold that the branch has now, or null. */
  readonly hold: Hold | null;
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
    .addCommand(listCommand())
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
      withSession(options.data, async ({ repository }) => {
        const rows: BranchRow[] = [];
        for await (const { name, commit, hold } of repository.branches()) {
          const { sequence, time, message } = await repository.commit(commit);
          rows.push({ branch: name, commit, sequence, time, message, ...(hold === undefined ? {} : { hold }) });
        }
        if (options.json) return printJson(rows);
        if (rows.length === 0) return printLine('no branches yet');
        const cells = rows.map((row) => [
          row.hold ? `${row.branch} (on hold)` : row.branch,
          short(row.commit),
          row.sequence,
          row.time,
          row.message,
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
        const { from, commit } = outcome;
        if (from === commit) return printLine(`branch ${name} is at ${short(commit)} already`);
        printLine(`branch ${name} moved from ${short(from)} to ${short(commit)}`);
        printLine(`\`mammoflow branch move ${name} ${short(from)}\` moves it back`);
        printFollowUp(outcome, options);
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
  const followUp = from === to.id ? { job: null } : await startIfWanted(session, to, { ...options, branch }, done);
  return { branch, from, commit: to.id, ...followUp };
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
      withSession(options.data, async ({ repository }) => {
        const { reason } = options;
        const hold = { since: new Date().toISOString(), author: author(), ...(reason === undefined ? {} : { reason }) };
        const before = await repository.setHold(name, hold);
        const outcome: HoldOutcome = { branch: name, hold: before ?? hold, job: null };
        if (options.json) return printJson(outcome);
        printLine(
          `branch ${name} is on hold${before === undefined ? '' : ` since ${before.since}, by ${before.author}`}`,
        );
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
      withSession(options.data, async (session) => {
        const outcome = await releaseBranch(session, name, options);
        if (options.json) return printJson(outcome);
        printLine(`branch ${name} is not on hold`);
        printFollowUp(outcome, options);
      }),
    );
}

/** Ends the hold of a branch, and starts a job if its exams want something. */
export async function releaseBranch(
  session: Session,
  branch: string,
  options: Pick<CommitOptions, 'process'>,
): Promise<HoldOutcome> {
  const { repository } = session;
  await repository.setHold(branch, undefined);
  const head = await requireHead(repository, branch);
  const followUp = await startIfWanted(session, head, { ...options, branch }, `The hold of ${branch} is ended`);
  return { branch, hold: null, ...followUp };
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
