import { Command } from 'commander';
import { stages } from '../activities/stages/index.js';
import { DEFAULT_DEPTH, explainExam } from '../api/provenance/explain-exam.js';
import { traceFile } from '../api/provenance/trace-file.js';
import { isBranchHead, resolveState } from '../api/resolve-state.js';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import { printExplanation, printTrace } from './explain-output.js';
import { type CommonOptions, dataOption, jsonOption, parseCount } from './options.js';
import { printJson } from './output.js';
import { withSession } from './session.js';

interface ExplainOptions extends CommonOptions {
  readonly file?: string;
  readonly depth: number;
}

/** `mammoflow explain`: what each stage did for an exam, why, and from what. */
export function explainCommand(): Command {
  return new Command('explain')
    .description('show how an exam came to its results: what each stage did, why, and from which bytes')
    .argument('<exam>', 'the exam')
    .argument('[ref]', 'a commit, a branch, branch~n, or a job for the state it left', DEFAULT_BRANCH)
    .option('--file <file>', 'trace one output, <stage>/<file>, to everything it comes from')
    .option('--depth <count>', 'commits to go back at most in search of earlier results', parseCount, DEFAULT_DEPTH)
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
      withSession(data, async ({ repository }) => {
        const commit = await resolveState(repository, ref);
        const asOf = (await isBranchHead(repository, commit)) ? 'now' : 'then';
        const explanation = await explainExam(repository, stages, commit, exam, { asOf, depth });
        if (file !== undefined) {
          const trace = traceFile(explanation, file);
          if (json) printJson({ exam, commit: commit.id, ...trace });
          else printTrace(exam, trace);
        } else if (json) printJson(explanation);
        else printExplanation(explanation);
      }),
    );
}
