import { Command } from 'commander';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import { printExplanation, printTrace } from './explain-output.js';
import { type CommonOptions, dataOption, jsonOption, parseCount } from './options.js';
import { printJson } from './output.js';
import { withMammoflow } from './session.js';

interface ExplainOptions extends CommonOptions {
  readonly file?: string;
  readonly depth: number;
}

/** Commits to go back; enough for several days of a group that commits a few dozen times a day. */
const DEPTH = 300;

/** `mammoflow explain`: what each stage did for an exam, why, and from what. */
export function explainCommand(): Command {
  return new Command('explain')
    .description('show how an exam came to its results: what each stage did, why, and from which bytes')
    .argument('<exam>', 'the exam')
    .argument('[ref]', 'a commit, a branch, branch~n, or a job for the state it left', DEFAULT_BRANCH)
    .option('--file <file>', 'trace one output, <stage>/<file>, to everything it comes from')
    .option('--depth <count>', 'commits to go back at most in search of earlier results', parseCount, DEPTH)
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Each stage was computed, skipped (there was a record of the same work), failed, or blocked by a stage before it. The
reason is what differs from the stage's previous work on this exam.

Examples:
  $ mammoflow explain exam-17
  $ mammoflow explain exam-17 main~1 --file classify/predictions.json`,
    )
    .action((exam: string, ref: string, { data, json, file, depth }: ExplainOptions) =>
      withMammoflow(data, async (mammoflow) => {
        if (file !== undefined) {
          const trace = await mammoflow.trace({ exam, ref, depth, file });
          if (json) printJson(trace);
          else printTrace(exam, trace);
        } else {
          const explanation = await mammoflow.explain({ exam, ref, depth });
          if (json) printJson(explanation);
          else printExplanation(explanation);
        }
      }),
    );
}
