import { Command } from 'commander';
import { parseRepoPath, wholeRepo } from '../api/repo-path.js';
import type { LogEntry } from '../index.js';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { type CommonOptions, dataOption, jsonOption, parseCount } from './options.js';
import { printJson, printLine, printNote, table } from './output.js';
import { withMammoflow } from './session.js';

interface LogOptions extends CommonOptions {
  readonly branch?: string;
  readonly limit: number;
  readonly all?: boolean;
  readonly results?: boolean;
}

/** Rows of a log, unless said. */
const ROWS = 50;

/** `mammoflow log`: the commits that changed a repo, newest first. */
export function logCommand(): Command {
  return new Command('log')
    .description('list the commits that changed a repo, newest first')
    .argument('[repo]', 'a repo, with @REF if not main; all repos when left out')
    .option('--branch <name>', 'of this branch, like @REF')
    .option('--limit <count>', 'at most this many', parseCount, ROWS)
    .option('--all', 'all of them')
    .option('--results', 'each commit that only holds results of a job, which are shown as one row otherwise')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Results of a job land in several commits. Without a repo they are folded into one row; --json has each.

Examples:
  $ mammoflow log exams
  $ mammoflow log --branch trial --results
  $ mammoflow log classify@trial --limit 5`,
    )
    .action((path: string | undefined, options: LogOptions) =>
      withMammoflow(options.data, async (mammoflow) => {
        const { repo, ref } = whereToLook(path, options.branch);
        const limit = options.all ? Number.POSITIVE_INFINITY : options.limit;
        const entries = mammoflow.log({ repo, ref });
        const fold = repo === undefined && options.results !== true && options.json !== true;
        const rows: Row[] = [];
        let more = false;
        for await (const entry of entries) {
          const last = rows.at(-1);
          if (fold && last !== undefined && isSameJob(last.newest, entry)) {
            rows[rows.length - 1] = { ...last, oldest: entry, commits: last.commits + 1 };
          } else if (rows.length === limit) {
            more = true;
            break;
          } else rows.push({ newest: entry, oldest: entry, commits: 1 });
        }
        if (options.json) printJson(rows.map(({ newest }) => newest));
        else if (rows.length === 0) printLine('no commits');
        else printLine(table(['COMMIT', 'SEQUENCE', 'TIME', 'AUTHOR', 'BY', 'MESSAGE'], rows.map(cellsOf)));
        if (more && limit === ROWS)
          printNote(`These are the newest ${rows.length}; --all shows all, --limit <count> more.`);
      }),
    );
}

/** A commit, or a run of commits with results of one job. */
interface Row {
  readonly newest: LogEntry;
  readonly oldest: LogEntry;
  readonly commits: number;
}

const isSameJob = (a: LogEntry, b: LogEntry): boolean =>
  a.by.kind === 'job' && b.by.kind === 'job' && a.by.job === b.by.job;

function cellsOf({ newest, oldest, commits }: Row): (string | number)[] {
  const { commit, sequence, time, author, by, message } = newest;
  return [
    commit.slice(0, 12),
    commits === 1 ? sequence : `${oldest.sequence}-${sequence}`,
    time,
    author,
    by.kind === 'job' ? by.job : by.kind,
    commits === 1 ? message : `${message} (and ${commits - 1} more commits with results of this job)`,
  ];
}

/** @throws MammoflowError `invalid-argument` when branch and reference are both given. */
function whereToLook(path: string | undefined, branch: string | undefined): { repo?: string; ref: string } {
  const [, at] = /^@(.+)$/.exec(path ?? '') ?? [];
  const target = path === undefined || at !== undefined ? undefined : wholeRepo(parseRepoPath(path));
  const reference = at ?? (path?.includes('@') ? target?.reference : undefined);
  if (branch !== undefined && reference !== undefined && branch !== reference) {
    throw new MammoflowError('invalid-argument', `Both @${reference} and --branch ${branch} are given.`, 'Give one.');
  }
  return {
    ...(target === undefined ? {} : { repo: target.repo }),
    ref: reference ?? branch ?? DEFAULT_BRANCH,
  };
}
