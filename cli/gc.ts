import type { Client } from '@temporalio/client';
import { Command, InvalidArgumentError, Option } from 'commander';
import { stages } from '../activities/stages/index.js';
import { MammoflowError } from '../pipeline/errors.js';
import { stagesEver } from '../repos/forget-exam.js';
import { type Amount, bytesOf, findGarbage } from '../repos/garbage.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine, table } from './output.js';
import { type Session, withSession } from './session.js';

/** How long results that no branch has any more can be had back without computing. */
const KEEP_RECORDS_DAYS = 30;
/** Longer than anybody takes between uploading a file and committing it. */
const GRACE_HOURS = 24;

export interface GcOptions {
  readonly yes: boolean;
  readonly keepDays?: number;
  readonly keepRecordsDays: number;
  readonly graceHours: number;
}

/** What `mammoflow gc --json` prints. */
export interface GcOutcome extends Amount {
  readonly dryRun: boolean;
  /** By the beginning of the key. */
  readonly prefixes: Readonly<Record<string, Amount>>;
  /** Why it ended before everything was removed. */
  readonly stopped?: string;
}

/** `mammoflow gc`: frees object versions that nothing leads to. */
export function gcCommand(): Command {
  return new Command('gc')
    .description('free object versions that no branch, record or running job leads to')
    .addOption(new Option('--dry-run', 'show what would be removed').conflicts('yes'))
    .option('--yes', 'remove it for ever')
    .option('--keep-days <days>', 'free files of older commits, too; the log and the newest commits stay', parseAmount)
    .addOption(
      new Option('--keep-records-days <days>', 'keep records, job folders and commits that no branch has')
        .argParser(parseAmount)
        .default(KEEP_RECORDS_DAYS),
    )
    .addOption(
      new Option('--grace-hours <hours>', 'never touch what is younger').argParser(parseAmount).default(GRACE_HOURS),
    )
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
By default every commit behind a branch keeps its files, so what goes is left over: uploads that were never committed,
results that no longer landed, records and commits of branches that are gone. Uploads in inbox/ and keys that are not
mammoflow's are left alone. It may run beside jobs and uploads.

Examples:
  $ mammoflow gc --dry-run
  $ mammoflow gc --yes --keep-days 90`,
    )
    .action((options: CommonOptions & Omit<GcOptions, 'yes'> & { yes?: boolean; dryRun?: boolean }) =>
      withSession(options.data, async (session) => {
        if (options.yes !== true && options.dryRun !== true) {
          throw new MammoflowError('invalid-argument', 'gc removes for ever.', 'Give --dry-run or --yes.');
        }
        const outcome = await collectGarbage(session, { ...options, yes: options.yes === true });
        if (outcome.stopped !== undefined) process.exitCode = 1;
        if (options.json) printJson(outcome);
        else printOutcome(outcome);
      }),
    );
}

export async function collectGarbage(session: Session, options: GcOptions): Promise<GcOutcome> {
  const { repository } = session;
  // Without Temporal nobody could say what is running.
  const client = await session.client();
  const known = await stagesEver(
    repository,
    stages.map(({ name }) => name),
  );
  const garbage = await findGarbage(repository, {
    now: Date.now(),
    ...(options.keepDays === undefined ? {} : { keepDays: options.keepDays }),
    keepRecordsDays: options.keepRecordsDays,
    graceHours: options.graceHours,
    stages: known,
    runningJobs: () => runningJobs(client),
  });
  if (!options.yes) {
    const found = [...garbage.found].map(
      ([prefix, list]) => [prefix, { versions: list.length, bytes: bytesOf(list) }] as const,
    );
    return { dryRun: true, ...totalOf(new Map(found)) };
  }
  const { removed, stopped } = await garbage.remove();
  return { dryRun: false, ...totalOf(removed), ...(stopped === undefined ? {} : { stopped }) };
}

/** Jobs that run, and jobs whose exams still run although they have ended themselves. */
export async function runningJobs(client: Client): Promise<string[]> {
  const jobs = new Set<string>();
  const query = "WorkflowType IN ('processCommit', 'processExam') AND ExecutionStatus = 'Running'";
  for await (const { type, workflowId } of client.workflow.list({ query })) {
    // An exam's workflow is called `<job>/<exam>`.
    jobs.add(type === 'processExam' ? workflowId.slice(0, workflowId.lastIndexOf('/')) : workflowId);
  }
  return [...jobs];
}

function totalOf(amounts: ReadonlyMap<string, Amount>): Amount & { prefixes: Record<string, Amount> } {
  const all = [...amounts.values()];
  return {
    versions: all.reduce((sum, { versions }) => sum + versions, 0),
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    prefixes: Object.fromEntries(amounts),
  };
}

function printOutcome({ dryRun, versions, bytes, prefixes, stopped }: GcOutcome): void {
  const rows = Object.entries(prefixes).map(([prefix, amount]) => [prefix, amount.versions, megabytes(amount.bytes)]);
  if (rows.length > 0) printLine(table(['PREFIX', 'VERSIONS', 'MB'], rows));
  const what = `${versions} object versions, ${megabytes(bytes)} MB`;
  printLine(dryRun ? `would remove ${what}; --yes removes them for ever` : `removed ${what}`);
  if (stopped !== undefined) printLine(stopped);
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

/** A number of days or hours, also a part of one, also none. */
function parseAmount(text: string): number {
  if (/^\d{1,6}(\.\d+)?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a number from 0 on.');
}
