import { DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { type Scope, scopeSchema } from '../../pipeline/job.js';
import { rootOf } from '../../repos/repository.js';
import { startJob } from '../jobs/start-job.js';
import { requireHead, type Session } from '../session.js';

export interface ProcessOptions {
  /** The branch to process; `main` unless said. */
  readonly branch?: string;
  /** `affected` (unless said), `failed`, `all`, or exam ids. */
  readonly only?: Scope;
}

/**
 * Starts a job that brings results up to what a branch wants. Exams whose results are what is wanted are left alone, and
 * so is everything that was computed before for the same input.
 *
 * @returns the job's id, for `job` and `waitForJob`.
 * @throws MammoflowError `not-found` when a named exam is not there, and no job is started; `unknown-reference` when there
 *   is no such branch; `service-unavailable` without Temporal.
 * @example
 * const { job } = await mammoflow.process({ only: 'failed' });
 * const { exams } = await mammoflow.waitForJob({ job });
 */
export async function processBranch(
  session: Session,
  { branch = DEFAULT_BRANCH, only = 'affected' }: ProcessOptions = {},
): Promise<{ job: string }> {
  const { repository } = session;
  const head = await requireHead(repository, branch);
  const scope = scopeSchema.safeParse(only);
  if (!scope.success) {
    throw new MammoflowError(
      'invalid-argument',
      `${JSON.stringify(only)} names no exams.`,
      'Give affected, failed, all, or exam ids.',
    );
  }
  if (Array.isArray(scope.data)) {
    const found = await repository.inputs.getMany(rootOf(head, 'exams'), scope.data);
    const missing = scope.data.filter((name) => !found.has(name));
    if (missing.length > 0) {
      throw new MammoflowError(
        'not-found',
        `${branch} has no exam ${missing.join(', ')}, so no job was started.`,
        'See `mammoflow ls exams` for what there is.',
      );
    }
  }
  return { job: await startJob(await session.client(), head, { branch, only: scope.data }, repository.store) };
}
