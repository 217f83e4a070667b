import { Command } from 'commander';
import { INPUT_REPOS } from '../pipeline/commit.js';
import { type CommitOptions, printFollowUp } from './follow-up.js';
import { addCommitOptions, type CommonOptions, commitOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine } from './output.js';
import { withMammoflow } from './session.js';

/** `mammoflow revert`: a new commit with the old content. */
export function revertCommand(): Command {
  return addCommitOptions(
    new Command('revert')
      .description('bring exams, models or the pipeline back as they were at an earlier commit, in a new commit')
      .argument('<repo>', INPUT_REPOS.join(', '))
      .argument('<ref>', 'a commit of the branch, or <branch>~<n>: before the last n commits that changed the repo'),
  )
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
The other repos stay as they are. With \`models\`, which bundle applies to which exam comes back too; with \`pipeline\`,
that and the parameters of all stages. What was computed before for the same files, models and parameters is found again,
so the job that follows computes only what never was.

Examples:
  $ mammoflow revert exams main~1
  $ mammoflow revert pipeline 3f9c21ab -m "the new offset was worse"`,
    )
    .action((repo: string, ref: string, options: CommitOptions & CommonOptions) =>
      withMammoflow(options.data, async (mammoflow) => {
        const outcome = await mammoflow.revert({ ...commitOptions(options), repo, ref });
        if (options.json) return printJson(outcome);
        const then = outcome.revertedTo.slice(0, 12);
        if (outcome.commit === null) return printLine(`nothing to commit: ${repo} is as it was at ${then}`);
        printLine(`commit ${outcome.commit}: ${repo} as at ${then}, ${outcome.changed.length} changed`);
        printFollowUp(outcome, options);
      }),
    );
}
