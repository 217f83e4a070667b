import { Command } from 'commander';
import { stages } from '../activities/stages/index.js';
import { INPUT_REPOS, type InputRepo } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { resolveGraph } from '../planning/resolve-graph.js';
import { readPipeline } from '../repos/pipeline-repo.js';
import { revertRepo } from '../repos/revert.js';
import { type CommitOptions, type Committed, printFollowUp, startIfWanted } from './follow-up.js';
import { addCommitOptions, type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine } from './output.js';
import { author, requireHead, type Session, withSession } from './session.js';

/** What `mammoflow revert --json` prints. */
export interface RevertOutcome extends Committed {
  readonly repo: InputRepo;
  /** The commit whose content the repo has now. */
  readonly revertedTo: string;
  /** Exams or bundles whose files are others than before. */
  readonly changed: readonly string[];
}

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
      withSession(options.data, async (session) => {
        const outcome = await revert(session, repo, ref, options);
        if (options.json) return printJson(outcome);
        const then = outcome.revertedTo.slice(0, 12);
        if (outcome.commit === null) return printLine(`nothing to commit: ${repo} is as it was at ${then}`);
        printLine(`commit ${outcome.commit}: ${repo} as at ${then}, ${outcome.changed.length} changed`);
        printFollowUp(outcome, options);
      }),
    );
}

/** Reverts a repo and starts the job that follows. Throws as `revertRepo` does, before anything is committed. */
export async function revert(
  session: Session,
  name: string,
  ref: string,
  options: CommitOptions,
): Promise<RevertOutcome> {
  const { repository } = session;
  const repo = INPUT_REPOS.find((candidate) => candidate === name);
  if (repo === undefined) {
    throw new MammoflowError(
      'invalid-argument',
      `${name} cannot be reverted by itself.`,
      `Revert ${INPUT_REPOS.join(', ')}; the results of the stages follow from them.`,
    );
  }
  await requireHead(repository, options.branch);
  const to = await repository.resolve(ref, repo);
  // A pipeline that this build cannot run would stop every job.
  if (repo === 'pipeline') resolveGraph(stages, await readPipeline(repository, to));
  const { commit, changed } = await revertRepo(repository, {
    branch: options.branch,
    repo,
    to,
    details: {
      author: author(),
      message: options.message ?? `Revert ${repo} to ${to.id.slice(0, 12)}`,
      by: { kind: 'revert' },
    },
  });
  const followUp = commit === undefined ? { job: null } : await startIfWanted(session, commit, options);
  return { repo, commit: commit?.id ?? null, ...followUp, revertedTo: to.id, changed };
}
