import { Command } from 'commander';
import { type Commit, DEFAULT_BRANCH } from '../pipeline/commit.js';
import { requireRepo } from '../repos/repository.js';
import { type CommonOptions, dataOption, jsonOption, parseCount } from './options.js';
import { printJson, printLine, table } from './output.js';
import { parseRepoPath, wholeRepo } from './repo-path.js';
import { withSession } from './session.js';

/** `mammoflow log`: the commits that changed a repo, newest first. */
export function logCommand(): Command {
  return new Command('log')
    .description('list the commits that changed a repo, newest first')
    .argument('[repo]', 'a repo with @REF if not main; all repos when left out')
    .option('--limit <count>', 'at most this many', parseCount, 50)
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ mammoflow log exams\n  $ mammoflow log classify@trial --limit 5')
    .action((path: string | undefined, options: CommonOptions & { limit: number }) =>
      withSession(options.data, async ({ repository }) => {
        const target = path === undefined ? undefined : wholeRepo(parseRepoPath(path));
        const from = await repository.resolve(target?.reference ?? DEFAULT_BRANCH, target?.repo);
        if (target !== undefined) requireRepo(from, target.repo);
        const commits: Commit[] = [];
        for await (const commit of repository.log(from, target?.repo)) {
          if (commits.length >= options.limit) break;
          commits.push(commit);
        }
        const rows = commits.map(({ id, sequence, parent, time, author, message, by }) => ({
          commit: id,
          sequence,
          parent,
          time,
          author,
          message,
          by,
        }));
        if (options.json) return printJson(rows);
        if (rows.length === 0) return printLine('no commits');
        printLine(
          table(
            ['COMMIT', 'SEQUENCE', 'TIME', 'AUTHOR', 'BY', 'MESSAGE'],
            rows.map(({ commit, sequence, time, author, by, message }) => [
              commit.slice(0, 12),
              sequence,
              time,
              author,
              by.kind === 'job' ? by.job : by.kind,
              message,
            ]),
          ),
        );
      }),
    );
}
