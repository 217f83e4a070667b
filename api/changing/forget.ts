import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { DELIVERY_QUEUE } from '../../pipeline/delivery.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { examIdSchema } from '../../pipeline/exam.js';
import { TASK_QUEUES } from '../../pipeline/graph.js';
import { IS_OPEN } from '../../planning/open-executions.js';
import { type Erasure, readErasure, workersThatApplied } from '../../repos/erasures.js';
import {
  countTraces,
  findTraces,
  leaveOutOfBranches,
  markErased,
  removeTraces,
  stagesEver,
  type Traces,
} from '../../repos/forget-exam.js';
import { type Repository, rootOf } from '../../repos/repository.js';
import { pollersOf } from '../pollers.js';
import type { Session } from '../session.js';
import { stageQueues } from '../stage-queues.js';

/** Workers look for erasures every ten seconds, and a stage that is cancelled may take half a minute to hear of it. */
export const FORGET_WAIT_SECONDS = 90;
const POLL_MS = 1_000;

export interface ForgetOptions {
  readonly exams: readonly string[];
  /** Kept with the note that the exam was erased. */
  readonly reason?: string;
  /** How long to wait for workers to clean their disk caches, in seconds; 90 unless said. */
  readonly wait?: number;
  /** Where workers on this machine keep inputs. */
  readonly cacheFolder?: string;
  readonly signal?: AbortSignal;
}

export interface ForgetOutcome {
  readonly exams: readonly {
    readonly exam: string;
    /** Object versions and delete markers, by repo or kind of record; `identity` for its entry in the map on this machine. */
    readonly removed: Readonly<Record<string, number>>;
    /** Those that a listing afterwards found. */
    readonly remaining: number;
  }[];
  readonly commits: readonly { readonly branch: string; readonly commit: string }[];
  /** Workflows of these exams that were running. */
  readonly cancelled: readonly string[];
  readonly caches: {
    readonly confirmed: readonly string[];
    readonly unconfirmed: readonly string[];
    /** Files removed from caches on this machine. */
    readonly removedHere: number;
  };
}

/** What would be removed of each exam, by repo or kind of record. */
export interface ForgetPreview {
  readonly exams: readonly { readonly exam: string; readonly wouldRemove: Readonly<Record<string, number>> }[];
}

/**
 * What erasing exams would remove. Changes nothing.
 *
 * @throws MammoflowError `not-found` when there is nothing of one of the exams.
 * @example
 * const { exams } = await mammoflow.previewForget({ exams: ['exam-17'] });
 */
export async function previewForget(
  session: Session,
  { exams: names }: Pick<ForgetOptions, 'exams'>,
): Promise<ForgetPreview> {
  const { found } = await survey(session, names);
  return { exams: found.map((traces) => ({ exam: traces.exam, wouldRemove: countsOf([traces]) })) };
}

/**
 * Erases every version of exams and of everything made from them, on every branch and in all of history, and proves it
 * by listing. Names and hashes stay. Safe to repeat after it was interrupted, and whenever a worker has not confirmed.
 *
 * @throws MammoflowError `not-found` when there is nothing of one of the exams; then nothing is removed.
 *   `service-unavailable` without Temporal, which knows the workers that hold copies.
 * @example
 * const { exams, caches } = await mammoflow.forget({ exams: ['exam-17'], reason: 'consent withdrawn' });
 */
export async function forget(session: Session, options: ForgetOptions): Promise<ForgetOutcome> {
  const { repository, author } = session;
  const { store } = repository;
  // Without Temporal nobody could say which workers hold copies, so this comes before anything is removed.
  const client = await session.client();
  const { exams, known, found } = await survey(session, options.exams);

  const message = `Forget ${exams.join(', ')}`;
  const commits = await leaveOutOfBranches(repository, exams, { author, message, by: { kind: 'remove' } });
  const erasures: Erasure[] = [];
  for (const traces of found) {
    const earlier = await readErasure(store, traces.exam);
    const nothingNew = earlier !== undefined && countTraces(traces) === 0 && commits.length === 0;
    const by = { author, ...(options.reason === undefined ? {} : { reason: options.reason }) };
    erasures.push(nothingNew ? earlier : await markErased(repository, traces, known, by));
    await removeTraces(store, traces);
  }
  const cancelled = await cancelWorkflows(client, exams);
  const identities = await forgetIdentities(session, exams);
  const removedHere = options.cacheFolder === undefined ? 0 : await cleanCaches(options.cacheFolder, erasures);
  const caches = await waitForWorkers(session, erasures, options);

  // What a stage stored that was running then.
  const late = await tracesOf(repository, known, exams);
  for (const traces of late) await removeTraces(store, traces);
  const left = await tracesOf(repository, known, exams);
  return {
    exams: exams.map((exam, index) => ({
      exam,
      removed: { ...countsOf([found[index], late[index]]), ...(identities.has(exam) && { identity: 1 }) },
      remaining: countTraces(left[index] as Traces),
    })),
    commits,
    cancelled,
    caches: { ...caches, removedHere },
  };
}

/** @throws MammoflowError `invalid-argument` or `not-found`. */
async function survey(
  session: Session,
  names: readonly string[],
): Promise<{ exams: string[]; known: string[]; found: Traces[] }> {
  const { repository } = session;
  const exams = [...new Set(names)];
  for (const exam of exams) {
    const checked = examIdSchema.safeParse(exam);
    if (!checked.success)
      throw new MammoflowError('invalid-argument', `${JSON.stringify(exam)}: ${checked.error.issues[0]?.message}.`);
  }
  const known = await stagesEver(
    repository,
    (await session.stages()).map(({ name }) => name),
  );
  const found = await tracesOf(repository, known, exams);
  const committed = new Set<string>();
  for await (const { commit } of repository.branches()) {
    const root = rootOf(await repository.commit(commit), 'exams');
    for (const name of (await repository.inputs.getMany(root, exams)).keys()) committed.add(name);
  }
  for (const traces of found) {
    if (countTraces(traces) > 0 || committed.has(traces.exam)) continue;
    if ((await readErasure(repository.store, traces.exam)) !== undefined) continue;
    throw new MammoflowError(
      'not-found',
      `There is nothing of an exam ${traces.exam}, so nothing was removed.`,
      'See `mammoflow ls exams`.',
    );
  }
  return { exams, known, found };
}

async function tracesOf({ store }: Repository, known: readonly string[], exams: readonly string[]): Promise<Traces[]> {
  const found: Traces[] = [];
  for (const exam of exams) found.push(await findTraces(store, known, exam));
  return found;
}

/** Ends what the exams are doing in jobs that run; the jobs go on. */
async function cancelWorkflows(client: Client, exams: readonly string[]): Promise<string[]> {
  const cancelled: string[] = [];
  for (const exam of exams) {
    const query = `WorkflowType IN ('processExam', 'deliverExam') AND MammoflowExam = '${exam}' AND ${IS_OPEN}`;
    for await (const { workflowId } of client.workflow.list({ query })) {
      // One that ended a moment ago needs no cancelling.
      await client.workflow
        .getHandle(workflowId)
        .cancel()
        .then(
          () => cancelled.push(workflowId),
          () => undefined,
        );
    }
  }
  return cancelled;
}

/** Takes the exams out of the map back to patients that this machine has. @returns those that were in it. */
async function forgetIdentities({ forgetIdentity }: Session, exams: readonly string[]): Promise<Set<string>> {
  const there = new Set<string>();
  for (const exam of exams) if ((await forgetIdentity?.(exam)) === true) there.add(exam);
  return there;
}

/** Removes the files from the caches of all workers that ever ran on this machine with this folder. */
async function cleanCaches(folder: string, erasures: readonly Erasure[]): Promise<number> {
  const erased = new Set(erasures.flatMap(({ sha256 }) => sha256));
  let removed = 0;
  for (const worker of await readdir(folder).catch(() => [])) {
    const files = join(folder, worker, 'files');
    for (const name of await readdir(files).catch(() => [])) {
      if (!erased.has(name)) continue;
      await rm(join(files, name), { force: true });
      removed += 1;
    }
  }
  return removed;
}

/** Waits until every worker that Temporal has heard of in the last five minutes has applied the erasures. */
async function waitForWorkers(
  session: Session,
  erasures: readonly Erasure[],
  { wait = FORGET_WAIT_SECONDS, signal }: Pick<ForgetOptions, 'wait' | 'signal'>,
): Promise<{ confirmed: string[]; unconfirmed: string[] }> {
  const { repository } = session;
  const client = await session.client();
  const end = Date.now() + wait * 1_000;
  const ofStages = (await stageQueues(repository)).map(({ queue }) => queue);
  // Delivery workers keep nothing on disk.
  const queues = [TASK_QUEUES.cpu, TASK_QUEUES.gpu, ...ofStages.filter((queue) => queue !== DELIVERY_QUEUE)];
  for (;;) {
    const workers = new Set<string>();
    for (const queue of queues) {
      for (const { identity } of await pollersOf(client.connection, client.options.namespace, queue))
        workers.add(identity);
    }
    const applied = await workersThatApplied(repository.store, [...workers], erasures);
    const unconfirmed = [...workers].filter((worker) => !applied.has(worker)).sort();
    if (unconfirmed.length === 0 || Date.now() >= end) return { confirmed: [...applied].sort(), unconfirmed };
    await sleep(POLL_MS, undefined, signal === undefined ? {} : { signal });
  }
}

function countsOf(traces: readonly (Traces | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const found of traces) {
    for (const [area, list] of found?.versions ?? []) counts[area] = (counts[area] ?? 0) + list.length;
  }
  return counts;
}
