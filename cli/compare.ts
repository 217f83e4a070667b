import { Command, Option } from 'commander';
import { VARIANTS, type Variant } from '../pipeline/predictions.js';
import { comparisonCsv, printComparison } from './compare-output.js';
import { progressLine } from './job-output.js';
import { type CommonOptions, dataOption, jsonOption, parseCount, parseProbability } from './options.js';
import { printJson, printLine } from './output.js';
import { withMammoflow } from './session.js';

interface CompareOptions extends CommonOptions {
  readonly threshold: number;
  readonly heatmaps: number | 'all';
  readonly variant?: Variant;
  readonly limit?: number;
  readonly format: 'table' | 'csv' | 'json';
}

/** Rows of a table for people. */
const TABLE_ROWS = 20;
/** Heatmaps are some tens of megabytes an exam. */
const HEATMAPS = 5;

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
    .option('--threshold <probability>', 'mark what crosses it', parseProbability, 0.5)
    .option(
      '--heatmaps <count>',
      'read the heatmaps of this many of the greatest movers, or of `all`',
      parseHeatmaps,
      HEATMAPS,
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
      withMammoflow(options.data, async (mammoflow) => {
        const format = options.json ? 'json' : options.format;
        const progress = progressLine();
        const comparison = await mammoflow
          .compare({
            before: refA,
            after: refB,
            threshold: options.threshold,
            // CSV has no place for heatmaps, so they are not read for it.
            heatmaps: format === 'csv' ? 0 : options.heatmaps,
            ...(options.variant === undefined ? {} : { variants: [options.variant] }),
            onHeatmaps: (done, total) => progress.show(`heatmaps of ${done} of ${total} exams`),
          })
          .finally(() => progress.clear());
        const limit = options.limit ?? (format === 'table' ? TABLE_ROWS : undefined);
        const limited = { ...comparison, movements: comparison.movements.slice(0, limit) };
        if (format === 'json') printJson(limited);
        else if (format === 'csv') printLine(comparisonCsv(limited));
        else printComparison(comparison, limit ?? TABLE_ROWS);
      }),
    );
}
