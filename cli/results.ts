import { Command, Option } from 'commander';
import { stages } from '../activities/stages/index.js';
import { type ExamResult, listJobResults, listResults } from '../api/reading/list-results.js';
import { isBranchHead } from '../api/resolve-state.js';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import type { Repository } from '../repos/repository.js';
import { lookAtAll } from './inbox.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine } from './output.js';
import { printResults, resultsCsv } from './results-output.js';
import { withSession } from './session.js';

interface ResultsOptions extends CommonOptions {
  readonly job?: string;
  readonly format: 'table' | 'csv' | 'json';
}

/**
 * The results of a branch or commit; for the branch that the inbox is taken into, with what lies there: exams that are
 * not committed yet are `waiting`, or `failed` where they are refused.
 */
async function resultsOf(repository: Repository, ref: string): Promise<ExamResult[]> {
  if (ref !== DEFAULT_BRANCH) return resultsAt(repository, ref);
  const inbox = await lookAtAll(repository, DEFAULT_BRANCH);
  const exams = inbox.items.filter(({ repo }) => repo === 'exams');
  const nothingCommitted = exams.length > 0 && (await repository.head(ref)) === undefined;
  const committed = nothingCommitted ? [] : await resultsAt(repository, ref);
  const byExam = new Map(committed.map((result) => [result.exam, result]));
  for (const { name: exam, state, sentence } of exams) {
    const outcome = state === 'refused' ? 'failed' : 'waiting';
    byExam.set(exam, { ...(byExam.get(exam) ?? { exam, outcome, reason: sentence }), inbox: sentence });
  }
  return [...byExam.values()].sort((a, b) => (a.exam < b.exam ? -1 : 1));
}

/** A branch's newest commit is held against what is wanted now, one of the past against what made it. */
async function resultsAt(repository: Repository, ref: string) {
  const commit = await repository.resolve(ref);
  return listResults(repository, stages, commit, (await isBranchHead(repository, commit)) ? 'now' : 'then');
}

/** `mammoflow results`: the predictions, or why there are none. */
export function resultsCommand(): Command {
  return new Command('results')
    .description('show predictions and how each exam came out')
    .argument('[ref]', 'a commit, a branch, or branch~n', DEFAULT_BRANCH)
    .option('--job <id>', 'as that job saw them')
    .addOption(new Option('--format <format>', 'how to print them').choices(['table', 'csv', 'json']).default('table'))
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Outcomes: processed (with predictions), failed (with the reason), waiting (no results that belong to the exam as it is
now, or it still lies in the inbox: then for what, and since when), and with --job also skipped (the results were there already).

Examples:
  $ mammoflow results
  $ mammoflow results main~1 --format csv > before.csv`,
    )
    .action((ref: string, options: ResultsOptions) =>
      withSession(options.data, async ({ repository }) => {
        const results =
          options.job === undefined
            ? await resultsOf(repository, ref)
            : await listJobResults(repository, stages, options.job);
        if (options.json || options.format === 'json') printJson(results);
        else if (options.format === 'csv') printLine(resultsCsv(results));
        else printResults(results);
      }),
    );
}
