import { Command, Option } from 'commander';
import type { ExamResult } from '../index.js';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { type CommonOptions, dataOption, jsonOption, parseProbability } from './options.js';
import { printJson, printLine } from './output.js';
import { printResults, resultsCsv } from './results-output.js';
import { withMammoflow } from './session.js';

interface ResultsOptions extends CommonOptions {
  readonly branch?: string;
  readonly job?: string;
  readonly exam?: string[];
  readonly failed?: boolean;
  readonly waiting?: boolean;
  readonly above?: number;
  readonly format: 'table' | 'csv' | 'json';
}

/** `mammoflow results`: the predictions, or why there are none. */
export function resultsCommand(): Command {
  return new Command('results')
    .description('show predictions and how each exam came out')
    .argument('[ref]', `a commit, a branch, or branch~n (default: "${DEFAULT_BRANCH}")`)
    .option('--branch <name>', 'of this branch, like the reference')
    .option('--job <id>', 'as that job saw them')
    .option('--exam <exams...>', 'only these exams')
    .option('--failed', 'only exams that failed')
    .option('--waiting', 'only exams that have no results yet')
    .option('--above <probability>', 'only exams one of whose probabilities is above this', parseProbability)
    .addOption(new Option('--format <format>', 'how to print them').choices(['table', 'csv', 'json']).default('table'))
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Outcomes: processed (with predictions), failed (with the reason), waiting (no results that belong to the exam as it is
now, or it still lies in the inbox: then for what, and since when), damaged (what was computed is damaged or gone;
\`mammoflow process\` makes it again), and with --job also skipped (the results were there already).

Spreadsheets change ids that look like numbers, such as 0012345 or 1E10, when they open a CSV file. Import it instead, and
choose text for the column of exams.

Examples:
  $ mammoflow results
  $ mammoflow results --above 0.5
  $ mammoflow results main~1 --format csv > before.csv`,
    )
    .action((ref: string | undefined, options: ResultsOptions) =>
      withMammoflow(options.data, async (mammoflow) => {
        if (ref !== undefined && options.branch !== undefined && ref !== options.branch) {
          throw new MammoflowError(
            'invalid-argument',
            `Both ${ref} and --branch ${options.branch} are given.`,
            'Give one.',
          );
        }
        const outcomes = [
          ...(options.failed ? (['failed'] as const) : []),
          ...(options.waiting ? (['waiting'] as const) : []),
        ];
        const results: ExamResult[] = [];
        for await (const result of mammoflow.results({
          ref: ref ?? options.branch ?? DEFAULT_BRANCH,
          job: options.job,
          exams: options.exam,
          above: options.above,
          outcomes: outcomes.length === 0 ? undefined : outcomes,
        })) {
          results.push(result);
        }
        results.sort((a, b) => (a.exam < b.exam ? -1 : 1));
        if (options.json || options.format === 'json') printJson(results);
        else if (options.format === 'csv') printLine(resultsCsv(results));
        else printResults(results);
      }),
    );
}
