import { DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { hasWork } from '../../planning/has-work.js';
import type { Fault } from '../../repos/verify/fault.js';
import { mend } from '../../repos/verify/mend.js';
import { waitForJobToEnd } from '../reading/job.js';
import { type Finding, look, outcomeOf, targetOf, type VerifyOptions, type VerifyOutcome } from '../reading/verify.js';
import type { Session } from '../session.js';
import { processBranch } from './process.js';

export interface RepairOptions extends VerifyOptions {
  /** Wait for the job that computes what is derived again, and look once more; true unless said. */
  readonly wait?: boolean;
  /** Told when that job has started. */
  readonly onJob?: (job: string) => void;
}

export interface RepairOutcome extends VerifyOutcome {
  /** What was damaged or gone, and is whole now. */
  readonly repaired: readonly Finding[];
  /** The job that computes again, or null when there was nothing for one. */
  readonly job: string | null;
}

/**
 * Mends what `verify` finds on a branch or of an exam: trees, commits and branches from earlier versions of their objects,
 * files that people put from the same bytes elsewhere in the bucket, and everything derived by a job that computes it
 * again. Then it looks again, so that what is listed as damaged or missing is what is left.
 *
 * @throws MammoflowError `invalid-argument` for a commit that is no branch, `unknown-reference` for what is not there,
 *   `service-unavailable` without Temporal when something has to be computed.
 * @example
 * const { repaired, damaged } = await mammoflow.repair({ deep: true });
 */
export async function repair(session: Session, options: RepairOptions = {}): Promise<RepairOutcome> {
  const { repository, author } = session;
  const target = await targetOf(repository, options.target ?? DEFAULT_BRANCH);
  if (!('branch' in target.of)) {
    throw new MammoflowError(
      'invalid-argument',
      'A commit never changes, so only a branch can be repaired.',
      'Name a branch, or an exam of main.',
    );
  }
  const { branch } = target.of;
  const first = await look(repository, target, options);
  if (first.faults.length === 0) return { ...(await outcomeOf(repository, target, first)), repaired: [], job: null };
  const details = { author, message: 'Repair', by: { kind: 'revert' } } as const;
  await mend(repository, branch, first.faults, first.whole, details);
  // A branch or a commit that was brought back may lead to more.
  const found = new Map<string, Fault>(first.faults.map((fault) => [idOf(fault), fault]));
  if (first.faults.some(({ item }) => item === undefined)) {
    const second = await look(repository, target, options);
    const more = second.faults.filter((fault) => !found.has(idOf(fault)));
    for (const fault of more) found.set(idOf(fault), fault);
    await mend(repository, branch, more, second.whole, details);
  }
  const job = await startIfReadable();
  if (job !== null) options.onJob?.(job);
  if (job !== null && options.wait !== false) {
    await waitForJobToEnd(session, { job, ...(options.signal === undefined ? {} : { signal: options.signal }) });
  }
  const last = await look(repository, target, options);
  const left = new Set(last.faults.map(idOf));
  const repaired = await outcomeOf(repository, target, {
    objects: 0,
    faults: [...found.values()].filter((fault) => !left.has(idOf(fault))),
  });
  return {
    ...(await outcomeOf(repository, target, last)),
    repaired: [...repaired.damaged, ...repaired.missing],
    job,
  };

  /** What stands in the way of a job is listed as left. */
  async function startIfReadable(): Promise<string | null> {
    try {
      const head = await repository.head(branch);
      if (head === undefined || !(await hasWork(repository, await session.stages(), head))) return null;
    } catch (error) {
      if (error instanceof MammoflowError && error.code !== 'service-unavailable') return null;
      throw error;
    }
    return (await processBranch(session, { branch })).job;
  }
}

const idOf = ({ key, versionId }: Fault): string => `${versionId} ${key}`;
