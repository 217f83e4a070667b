import { Command } from 'commander';
import { pageOf } from '../api/page.js';
import { durationText } from '../pipeline/inbox.js';
import { type CommonOptions, dataOption, jsonOption, parseCount } from './options.js';
import { printJson, printLine, printNote, table } from './output.js';
import { withMammoflow } from './session.js';

/** Rows of a list of jobs, unless said. */
const ROWS = 20;

/** `mammoflow jobs`: the jobs that Temporal knows, newest first. */
export function jobsCommand(): Command {
  return new Command('jobs')
    .description('list jobs, newest first')
    .option('--limit <count>', 'at most this many', parseCount, ROWS)
    .option('--all', 'all of them')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Jobs are listed for as long as Temporal keeps them; \`mammoflow job <id>\` and \`mammoflow log exams\` reach back further.

Example:
  $ mammoflow jobs --limit 5`,
    )
    .action((options: CommonOptions & { limit: number; all?: boolean }) =>
      withMammoflow(options.data, async (mammoflow) => {
        const limit = options.all ? Number.POSITIVE_INFINITY : options.limit;
        const { items: rows, more } = await pageOf(mammoflow.jobs({ limit: limit + 1 }), limit);
        if (options.json) printJson(rows);
        else if (rows.length === 0) printLine('no jobs yet');
        else {
          const cells = rows.map(({ job, status, branch, exams, total, started, seconds }) => {
            const done = exams.processed + exams.skipped + exams.failed;
            return [job, status, branch, `${done}/${total}`, exams.failed, started, durationText(seconds * 1_000)];
          });
          printLine(table(['JOB', 'STATUS', 'BRANCH', 'EXAMS', 'FAILED', 'STARTED', 'TOOK'], cells));
        }
        if (more && limit === ROWS)
          printNote(`These are the newest ${rows.length}; --all shows all, --limit <count> more.`);
      }),
    );
}
