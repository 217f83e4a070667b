import { Command } from 'commander';
import type { Commit } from '../pipeline/commit.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine, table } from './output.js';
import { parseRepoPath } from './repo-path.js';
import { withSession } from './session.js';

/** `mammoflow log`: the commits that changed a repo, newest first. */
export function logCommand(): Command {
  return new Command('log')
    .description('list the commits that changed a repo, newest first')
    .argument('[repo]', 'a repo with @REF if not main; all repos when left out')
    .option('--limit <count>', 'at most this many', '50')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ mammoflow log exams\n  $ mammoflow log classify@trial --limit 5')
    .action((path: string | undefined, options: CommonOptions & { limit: string }) =>
      withSession(options.data, async ({ repository }) => {
        const target = path === undefined ? undefined : parseRepoPath(path);
        const from = await repository.resolve(target?.reference ?? 'main', target?.repo);
        const commits: Commit[] = [];
        const limit = Number(options.limit);
        for await (const commit of repository.log(from, target?.repo)) {
          if (commits.length >= limit) break;
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
