import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { Command, Option } from 'commander';
import { stages } from '../activities/stages/index.js';
import { pollersOf } from '../api/pollers.js';
import { MammoflowError } from '../pipeline/errors.js';
import { examIdSchema } from '../pipeline/exam.js';
import { TASK_QUEUES } from '../pipeline/graph.js';
import { type Erasure, readErasure, workersThatApplied } from '../repos/erasures.js';
import {
  countTraces,
  findTraces,
  leaveOutOfBranches,
  markErased,
  removeTraces,
  stagesEver,
  type Traces,
} from '../repos/forget-exam.js';
import { readPipeline } from '../repos/pipeline-repo.js';
import { type Repository, rootOf } from '../repos/repository.js';
import { type CommonOptions, dataOption, jsonOption, parseCount } from './options.js';
import { printJson, printLine, table } from './output.js';
import { author, type Session, withSession } from './session.js';

/** Workers look for erasures every ten seconds, and a stage that is cancelled may take half a minute to hear of it. */
const WAIT_SECONDS = 90;
const POLL_MS = 1_000;

interface ForgetOptions extends CommonOptions {
  readonly yes?: boolean;
  readonly reason?: string;
  readonly wait: number;
  readonly cache?: string;
}

/** What `mammoflow forget --json` prints. */
export interface ForgetOutcome {
  readonly exams: readonly {
    readonly exam: string;
    /** Object versions and delete markers, by repo or kind of record. */
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

/** `mammoflow forget`: erases exams with everything derived from them, and proves it. */
export function forgetCommand(): Command {
  return new Command('forget')
    .description('erase every version of exams and of everything made from them, and prove it by listing')
    .argument('<exam...>', 'the exams')
    .option('--yes', 'do it; without, only show what would be removed')
    .option('--reason <text>', 'kept with the note that the exam was erased')
    .option('--wait <seconds>', 'how long to wait for workers to clean their disk caches', parseCount, WAIT_SECONDS)
    .addOption(new Option('--cache <folder>', 'where workers on this machine keep inputs').env('MAMMOFLOW_CACHE'))
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Removes images, results, predictions, records and uploads not taken in yet, on every branch and in all of history. What
stays are names and hashes: the commits and trees that held the exam, the plans of jobs, and a note that it was erased.
Jobs that are running go on without it. An exam put later under the same name is a new one.

The exit code is 0 when a listing finds nothing left and every worker has confirmed that its disk cache is clean.

Example:
  $ mammoflow forget exam-17 --reason "consent withdrawn" --yes`,
    )
    .action((exams: string[], options: ForgetOptions) =>
      withSession(options.data, async (session) => {
        if (options.yes !== true) return preview(session, exams, options);
        const outcome = await forget(session, exams, {
          wait: options.wait,
          cacheFolder: options.cache ?? join(options.data, 'cache'),
          ...(options.reason === undefined ? {} : { reason: options.reason }),
        });
        const clean = outcome.exams.every(({ remaining }) => remaining === 0);
        if (!clean || outcome.caches.unconfirmed.length > 0) process.exitCode = 1;
        if (options.json) printJson(outcome);
        else printOutcome(outcome);
      }),
    );
}

/**
 * Erases exams. Safe to repeat after it was interrupted, and whenever a worker has not confirmed.
 * @throws MammoflowError `not-found` when there is nothing of one of the exams; then nothing is removed.
 */
export async function forget(
  session: Session,
  names: readonly string[],
  options: { wait: number; cacheFolder: string; reason?: string },
): Promise<ForgetOutcome> {
  const { repository } = session;
  const { store } = repository;
  // Without Temporal nobody could say which workers hold copies, so this comes before anything is removed.
  const client = await session.client();
  const { exams, known, found } = await survey(repository, names);

  const message = `Forget ${exams.join(', ')}`;
  const commits = await leaveOutOfBranches(repository, exams, { author: author(), message, by: { kind: 'remove' } });
  const erasures: Erasure[] = [];
  for (const traces of found) {
    const earlier = await readErasure(store, traces.exam);
    const nothingNew = earlier !== undefined && countTraces(traces) === 0 && commits.length === 0;
    const by = { author: author(), ...(options.reason === undefined ? {} : { reason: options.reason }) };
    erasures.push(nothingNew ? earlier : await markErased(repository, traces, known, by));
    await removeTraces(store, traces);
  }
  const cancelled = await cancelWorkflows(client, exams);
  const removedHere = await cleanCaches(options.cacheFolder, erasures);
  const caches = await waitForWorkers(client, repository, erasures, options.wait);

  // What a stage stored that was running then.
  const late = await tracesOf(repository, known, exams);
  for (const traces of late) await removeTraces(store, traces);
  const left = await tracesOf(repository, known, exams);
  return {
    exams: exams.map((exam, index) => ({
      exam,
      removed: countsOf([found[index], late[index]]),
      remaining: countTraces(left[index] as Traces),
    })),
    commits,
    cancelled,
    caches: { ...caches, removedHere },
  };
}

/** @throws MammoflowError `invalid-argument` or `not-found`. */
async function survey(
  repository: Repository,
  names: readonly string[],
): Promise<{ exams: string[]; known: string[]; found: Traces[] }> {
  const exams = [...new Set(names)];
  for (const exam of exams) {
    const checked = examIdSchema.safeParse(exam);
    if (!checked.success)
      throw new MammoflowError('invalid-argument', `${JSON.stringify(exam)}: ${checked.error.issues[0]?.message}.`);
  }
  const known = await stagesEver(
    repository,
    stages.map(({ name }) => name),
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

async function preview({ repository }: Session, names: readonly string[], { json }: ForgetOptions): Promise<void> {
  const { found } = await survey(repository, names);
  process.exitCode = 1;
  const exams = found.map((traces) => ({ exam: traces.exam, wouldRemove: countsOf([traces]) }));
  if (json) return printJson({ exams });
  for (const { exam, wouldRemove } of exams) printCounts(exam, wouldRemove);
  printLine('Nothing was removed. Add --yes to remove all of it for ever.');
}

/** Ends what the exams are doing in jobs that run; the jobs go on. */
async function cancelWorkflows(client: Client, exams: readonly string[]): Promise<string[]> {
  const cancelled: string[] = [];
  for (const exam of exams) {
    const query = `WorkflowType = 'processExam' AND MammoflowExam = '${exam}' AND ExecutionStatus = 'Running'`;
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
  client: Client,
  repository: Repository,
  erasures: readonly Erasure[],
  seconds: number,
): Promise<{ confirmed: string[]; unconfirmed: string[] }> {
  const end = Date.now() + seconds * 1_000;
  const queues = await queuesWithCaches(repository);
  for (;;) {
    const workers = new Set<string>();
    for (const queue of queues) {
      for (const { identity } of await pollersOf(client.connection, client.options.namespace, queue))
        workers.add(identity);
    }
    const applied = await workersThatApplied(repository.store, [...workers], erasures);
    const unconfirmed = [...workers].filter((worker) => !applied.has(worker)).sort();
    if (unconfirmed.length === 0 || Date.now() >= end) return { confirmed: [...applied].sort(), unconfirmed };
    await sleep(POLL_MS);
  }
}

/** The queues that stages run on: those of the roles, and those that a branch gives a stage of its own. */
async function queuesWithCaches(repository: Repository): Promise<Set<string>> {
  const queues = new Set<string>([TASK_QUEUES.cpu, TASK_QUEUES.gpu]);
  for await (const { commit } of repository.branches()) {
    const document = await readPipeline(repository, await repository.commit(commit));
    for (const { taskQueue } of Object.values(document.stages)) if (taskQueue !== undefined) queues.add(taskQueue);
  }
  return queues;
}

function countsOf(traces: readonly (Traces | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const found of traces) {
    for (const [area, list] of found?.versions ?? []) counts[area] = (counts[area] ?? 0) + list.length;
  }
  return counts;
}

function printOutcome({ exams, commits, cancelled, caches }: ForgetOutcome): void {
  for (const { exam, removed, remaining } of exams) {
    printCounts(exam, removed);
    printLine(`${exam}: ${remaining} versions remain`);
  }
  for (const { branch, commit } of commits) printLine(`commit ${commit.slice(0, 12)} on ${branch}`);
  if (cancelled.length > 0) printLine(`cancelled: ${cancelled.join(', ')}`);
  printLine(`disk caches: ${caches.removedHere} files removed here; confirmed by ${list(caches.confirmed)}`);
  if (caches.unconfirmed.length === 0) return;
  printLine(`NOT confirmed by ${list(caches.unconfirmed)}: a worker that has ended confirms when it starts again.`);
  printLine('Start it, or delete its cache folder, and run this again.');
}

const list = (names: readonly string[]): string => (names.length === 0 ? 'no worker' : names.join(', '));

function printCounts(exam: string, counts: Readonly<Record<string, number>>): void {
  const rows = Object.entries(counts);
  if (rows.length > 0) printLine(table([exam, 'VERSIONS'], rows));
}
