import { Command } from 'commander';
import { type CommonOptions, dataOption, jsonOption, parseCount } from './options.js';
import { printJson, printLine, table } from './output.js';
import { withSession } from './session.js';

/** One row of `mammoflow jobs`. */
interface JobRow {
  readonly job: string;
  readonly status: string;
  readonly started: string;
  readonly ended?: string;
}

/** `mammoflow jobs`: the jobs that Temporal knows, newest first. */
export function jobsCommand(): Command {
  return new Command('jobs')
    .description('list jobs, newest first')
    .option('--limit <count>', 'at most this many', parseCount, 20)
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Jobs are listed for as long as Temporal keeps them; \`mammoflow job <id>\` and \`mammoflow log exams\` reach back further.

Example:
  $ mammoflow jobs --limit 5`,
    )
    .action((options: CommonOptions & { limit: number }) =>
      withSession(options.data, async (session) => {
        const rows: JobRow[] = [];
        const client = await session.client();
        for await (const run of client.workflow.list({ query: "WorkflowType = 'processCommit'" })) {
          if (rows.length >= options.limit) break;
          if (run.status.name === 'CONTINUED_AS_NEW') continue;
          rows.push({
            job: run.workflowId,
            status: run.status.name.toLowerCase(),
            started: run.startTime.toISOString(),
            ...(run.closeTime === undefined ? {} : { ended: run.closeTime.toISOString() }),
          });
        }
        if (options.json) return printJson(rows);
        if (rows.length === 0) return printLine('no jobs yet');
        printLine(
          table(
            ['JOB', 'STATUS', 'STARTED', 'ENDED'],
            rows.map(({ job, status, started, ended }) => [job, status, started, ended]),
          ),
        );
      }),
    );
}
