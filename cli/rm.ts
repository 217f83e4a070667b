import { Command } from 'commander';
import { DEFAULT_BRANCH, type InputRepo } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { readPipeline } from '../repos/pipeline-repo.js';
import { removeItems } from '../repos/remove-items.js';
import type { CommitOptions, Committed } from './follow-up.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine } from './output.js';
import { author, requireHead, type Session, withSession } from './session.js';

type RmOptions = Pick<CommitOptions, 'branch' | 'message'>;

/** The line that tells a person what went names no more; `--json` names all. */
const SHOWN_NAMES = 10;

/** What `mammoflow rm --json` prints. There is never a job: nothing is to be computed for what is gone. */
export interface RmOutcome extends Committed {
  readonly repo: InputRepo;
  readonly commit: string;
  readonly removed: readonly string[];
  /** Removed bundles that exams are processed with all the same. */
  readonly stillUsed: readonly string[];
}

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
      withSession(options.data, async (session) => {
        const outcome = await remove(session, repo, names, options);
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

/** Removes exams or bundles. @throws MammoflowError `not-found` when one of them is not there; then none is removed. */
export async function remove(
  { repository }: Session,
  repo: string,
  names: readonly string[],
  { branch, message }: RmOptions,
): Promise<RmOutcome> {
  if (repo !== 'exams' && repo !== 'models') {
    throw new MammoflowError(
      'invalid-argument',
      `Nothing is removed from ${repo} by hand.`,
      'Remove from `exams` or `models`.',
    );
  }
  await requireHead(repository, branch);
  const removed = [...new Set(names)];
  const commit = await removeItems(repository, {
    branch,
    repo,
    names: removed,
    details: {
      author: author(),
      message: message ?? `Remove ${removed.length === 1 ? removed[0] : `${removed.length} ${repo}`}`,
      by: { kind: 'remove' },
    },
  });
  const { eras } = await readPipeline(repository, commit);
  const stillUsed = repo === 'models' ? removed.filter((name) => eras.some(({ bundle }) => bundle === name)) : [];
  return { repo, commit: commit.id, job: null, removed, stillUsed };
}
