import { Command, InvalidArgumentError, Option } from 'commander';
import { compareResults, DEFAULT_HEATMAPS } from '../api/comparison/compare-results.js';
import { resolveState } from '../api/resolve-state.js';
import { VARIANTS, type Variant } from '../pipeline/predictions.js';
import { comparisonCsv, printComparison } from './compare-output.js';
import { progressLine } from './job-output.js';
import { type CommonOptions, dataOption, jsonOption, parseCount } from './options.js';
import { printJson, printLine } from './output.js';
import { withSession } from './session.js';

interface CompareOptions extends CommonOptions {
  readonly threshold: number;
  readonly heatmaps: number | 'all';
  readonly variant?: Variant;
  readonly limit?: number;
  readonly format: 'table' | 'csv' | 'json';
}

/** Rows of a table for people. */
const TABLE_ROWS = 20;

function parseThreshold(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('Give a probability from 0 to 1.');
}

function parseHeatmaps(text: string): number | 'all' {
  if (text === 'all') return 'all';
  return text === '0' ? 0 : parseCount(text);
}

/** `mammoflow compare`: how predictions and heatmaps moved between two states. */
export function compareCommand(): Command {
  return new Command('compare')
    .description('show how predictions and heatmaps moved between two commits, branches or jobs')
    .argument('<ref-a>', 'before: a commit, a branch, branch~n, or a job for the state it left')
    .argument('<ref-b>', 'after')
    .option('--threshold <probability>', 'mark what crosses it', parseThreshold, 0.5)
    .option(
      '--heatmaps <count>',
      'read the heatmaps of this many of the greatest movers, or of `all`',
      parseHeatmaps,
      DEFAULT_HEATMAPS,
    )
    .addOption(new Option('--variant <classifier>', 'only this classifier').choices(VARIANTS))
    .option('--limit <count>', `show this many movements (${TABLE_ROWS} in a table, else all)`, parseCount)
    .addOption(new Option('--format <format>', 'how to print it').choices(['table', 'csv', 'json']).default('table'))
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
What is compared are the results that the two states hold. Exams whose results are the same are not read. Heatmaps are
compared pixel by pixel, in the orientation of the files; CSV has the movements only.

Examples:
  $ mammoflow compare main trial --threshold 0.2
  $ mammoflow compare main~1 main --variant image --format csv > moved.csv`,
    )
    .action((refA: string, refB: string, options: CompareOptions) =>
      withSession(options.data, async ({ repository }) => {
        const [before, after] = [await resolveState(repository, refA), await resolveState(repository, refB)];
        const format = options.json ? 'json' : options.format;
        const progress = progressLine();
        const comparison = await compareResults(repository, before, after, {
          threshold: options.threshold,
          // CSV has no place for heatmaps, so they are not read for it.
          heatmaps: format === 'csv' ? 0 : options.heatmaps,
          ...(options.variant === undefined ? {} : { variants: [options.variant] }),
          onHeatmaps: (done, total) => progress.show(`heatmaps of ${done} of ${total} exams`),
        });
        progress.clear();
        const limit = options.limit ?? (format === 'table' ? TABLE_ROWS : undefined);
        const limited = { ...comparison, movements: comparison.movements.slice(0, limit) };
        if (format === 'json') printJson(limited);
        else if (format === 'csv') printLine(comparisonCsv(limited));
        else printComparison(comparison, limit ?? TABLE_ROWS);
      }),
    );
}
