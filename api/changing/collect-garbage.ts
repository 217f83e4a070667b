import type { Client } from '@temporalio/client';
import { IS_OPEN } from '../../planning/open-executions.js';
import { stagesEver } from '../../repos/forget-exam.js';
import { type Amount, bytesOf, findGarbage } from '../../repos/garbage.js';
import type { Session } from '../session.js';

/** How long results that no branch has any more can be had back without computing. */
export const KEEP_RECORDS_DAYS = 30;
/** Longer than anybody takes between uploading a file and committing it. */
export const GRACE_HOURS = 24;

export interface CollectGarbageOptions {
  /** Only show what would be removed. */
  readonly dryRun: boolean;
  /** Free files of older commits, too; all of them stay unless said. */
  readonly keepDays?: number | undefined;
  /** Keep records, job folders and commits that no branch has for so many days; 30 unless said. */
  readonly keepRecordsDays?: number;
  /** Never touch what is younger; 24 unless said. */
  readonly graceHours?: number;
}

export interface GarbageOutcome extends Amount {
  readonly dryRun: boolean;
  /** By the beginning of the key. */
  readonly prefixes: Readonly<Record<string, Amount>>;
  /** Branches whose objects are damaged, if there are any: whatever they could point at was kept. */
  readonly damagedBranches?: readonly string[];
  /** Why it ended before everything was removed. */
  readonly stopped?: string;
}

/**
 * Frees object versions that no branch, record or running job leads to. It may run beside jobs and uploads.
 *
 * @throws MammoflowError `invalid-argument` for a grace under an hour while jobs run, `missing-object` when something
 *   that a branch needs is gone, `service-unavailable` without Temporal.
 * @example
 * const { bytes } = await mammoflow.collectGarbage({ dryRun: true });
 */
export async function collectGarbage(session: Session, options: CollectGarbageOptions): Promise<GarbageOutcome> {
  const { repository, now } = session;
  const { dryRun, keepDays, keepRecordsDays = KEEP_RECORDS_DAYS, graceHours = GRACE_HOURS } = options;
  // Without Temporal nobody could say what is running.
  const client = await session.client();
  const known = await stagesEver(
    repository,
    (await session.stages()).map(({ name }) => name),
  );
  const garbage = await findGarbage(repository, {
    now: now().getTime(),
    ...(keepDays === undefined ? {} : { keepDays }),
    keepRecordsDays,
    graceHours,
    stages: known,
    runningJobs: () => runningJobs(client),
  });
  const { damagedBranches: names } = garbage;
  const damaged = names.length === 0 ? {} : { damagedBranches: names };
  if (dryRun) {
    const found = [...garbage.found].map(
      ([prefix, list]) => [prefix, { versions: list.length, bytes: bytesOf(list) }] as const,
    );
    return { dryRun, ...damaged, ...totalOf(new Map(found)) };
  }
  const { removed, stopped } = await garbage.remove();
  return { dryRun, ...damaged, ...totalOf(removed), ...(stopped === undefined ? {} : { stopped }) };
}

/** Jobs that run, and jobs whose exams still run although they have ended themselves. */
export async function runningJobs(client: Client): Promise<string[]> {
  const jobs = new Set<string>();
  const query = `WorkflowType IN ('processCommit', 'processExam') AND ${IS_OPEN}`;
  for await (const { type, workflowId } of client.workflow.list({ query })) {
    // An exam's workflow is called `<job>/<exam>`.
    jobs.add(type === 'processExam' ? workflowId.slice(0, workflowId.lastIndexOf('/')) : workflowId);
  }
  return [...jobs];
}

function totalOf(amounts: ReadonlyMap<string, Amount>): Amount & { prefixes: Record<string, Amount> } {
  const all = [...amounts.values()];
  return {
    versions: all.reduce((sum, { versions }) => sum + versions, 0),
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    prefixes: Object.fromEntries(amounts),
  };
}
