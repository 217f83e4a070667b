import { Command } from 'commander';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import type { CommitOptions } from './follow-up.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine } from './output.js';
import { withMammoflow } from './session.js';

type RmOptions = Pick<CommitOptions, 'branch' | 'message'>;

/** The line that tells a person what went names no more; `--json` names all. */
const SHOWN_NAMES = 10;

/** `mammoflow rm`: a commit without some exams or bundles. */
export function rmCommand(): Command {
  return new Command('rm')
    .description('commit a repo without some exams or model bundles; earlier commits keep them')
    .argument('<repo>', 'exams or models')
    .argument('<name...>', 'exams or bundles to remove')
    .option('-m, --message <text>', "the commit's message")
    .option('--branch <name>', 'the branch to commit to', DEFAULT_BRANCH)
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
The results of an exam go with it, in the same commit. Nothing is erased: \`mammoflow revert exams main~1\` brings both
back. A bundle that exams are processed with stays in use, because the pipeline holds its files by object version; choose
another with \`mammoflow models use\`.

Example:
  $ mammoflow rm exams exam-17 exam-18 -m "not for this study"`,
    )
    .action((repo: string, names: string[], options: RmOptions & CommonOptions) =>
      withMammoflow(options.data, async (mammoflow) => {
        const { branch, message } = options;
        const outcome = await mammoflow.remove({ repo, names, branch, ...(message === undefined ? {} : { message }) });
        if (options.json) return printJson(outcome);
        printLine(`commit ${outcome.commit}: removed ${someOf(outcome.removed)} from ${repo}`);
        for (const bundle of outcome.stillUsed) {
          printLine(`${bundle} stays in use for the exams it was chosen for; \`mammoflow models use\` chooses another`);
        }
      }),
    );
}

/** The first names, and how many more there are. */
function someOf(names: readonly string[]): string {
  const rest = names.length - SHOWN_NAMES;
  return rest <= 0 ? names.join(', ') : `${names.slice(0, SHOWN_NAMES).join(', ')} and ${rest} more`;
}
