import { Command, InvalidArgumentError, Option } from 'commander';
import type { GarbageOutcome } from '../index.js';
import { MammoflowError } from '../pipeline/errors.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine, table } from './output.js';
import { withMammoflow } from './session.js';

/** How long results that no branch has any more can be had back without computing. */
const KEEP_RECORDS_DAYS = 30;
/** Longer than anybody takes between uploading a file and committing it. */
const GRACE_HOURS = 24;

interface GcOptions extends CommonOptions {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly keepDays?: number;
  readonly keepRecordsDays: number;
  readonly graceHours: number;
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
    .action((options: GcOptions) =>
      withMammoflow(options.data, async (mammoflow) => {
        const { yes, dryRun, keepDays, keepRecordsDays, graceHours } = options;
        if (yes !== true && dryRun !== true) {
          throw new MammoflowError('invalid-argument', 'gc removes for ever.', 'Give --dry-run or --yes.');
        }
        const settings = { dryRun: yes !== true, keepDays, keepRecordsDays, graceHours };
        const outcome = await mammoflow.collectGarbage(settings);
        if (outcome.stopped !== undefined) process.exitCode = 1;
        if (options.json) printJson(outcome);
        else printOutcome(outcome);
      }),
    );
}

function printOutcome({ dryRun, versions, bytes, prefixes, stopped, damagedBranches }: GarbageOutcome): void {
  for (const branch of damagedBranches ?? []) {
    printLine(
      `The branch ${branch} is damaged, so whatever it could point at was kept. See \`mammoflow verify ${branch}\`.`,
    );
  }
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
