import { DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { type ModelArrival, modelArrivalSchema } from '../../pipeline/pipeline-document.js';
import { readPipeline, writePipeline } from '../../repos/pipeline-repo.js';
import { rootOf } from '../../repos/repository.js';
import { requireHead, type Session } from '../session.js';
import type { CommitOptions, Committed } from './follow-up.js';

export interface SetArrivalsOptions extends Pick<CommitOptions, 'branch' | 'message'> {
  /** `keep`, `new` or `all`; undefined only asks. */
  readonly arrivals?: string | undefined;
}

export interface ArrivalsOutcome extends Committed {
  readonly arrivals: ModelArrival;
}

/**
 * Sets what becomes of bundles that arrive in the inbox, where a choice is given, and says what does. It changes no
 * results, so there is never a job.
 *
 * @throws MammoflowError `invalid-argument` for a choice that there is not.
 * @example
 * await mammoflow.setArrivals({ arrivals: 'new' });
 */
export async function setArrivals(session: Session, options: SetArrivalsOptions): Promise<ArrivalsOutcome> {
  const { repository, author } = session;
  const { arrivals: choice, branch = DEFAULT_BRANCH, message } = options;
  const head = await requireHead(repository, branch);
  const chosen = modelArrivalSchema.safeParse(
    choice ?? (await readPipeline(repository, head)).arrivals?.models ?? 'keep',
  );
  if (!chosen.success) {
    throw new MammoflowError(
      'invalid-argument',
      `${JSON.stringify(choice)} is none of ${modelArrivalSchema.options.join(', ')}.`,
      'See `mammoflow models arrivals --help`.',
    );
  }
  const models = chosen.data;
  if (choice === undefined) return { arrivals: models, commit: null, job: null };
  const details = {
    author,
    message: message ?? `Models that arrive: ${models}`,
    by: { kind: 'models' },
  } as const;
  const commit = await repository.commitOnto(branch, details, async (roots, sequence) => {
    const document = await readPipeline(repository, { roots });
    if ((document.arrivals?.models ?? 'keep') === models) return undefined;
    const next = { ...document, arrivals: { models } };
    return {
      roots: { ...roots, pipeline: await writePipeline(repository, rootOf({ roots }, 'pipeline'), next, sequence) },
    };
  });
  return { arrivals: models, commit: commit?.id ?? null, job: null };
}
