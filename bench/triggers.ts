import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Client } from '@temporalio/client';
import pLimit from 'p-limit';
import { put } from '../api/changing/put.js';
import type { Session } from '../api/session.js';
import { openLocalSession } from '../index.js';
import { connectionSettings } from '../infra/connection.js';
import { type Stack, startStack, workerProcesses } from '../infra/dev/stack.js';
import { WORKER_ROLES } from '../infra/dev/worker-roles.js';
import { packageRoot } from '../infra/package-root.js';
import type { Commit } from '../pipeline/commit.js';
import { type TakeInState, takeInWorkflowId, WAITING_QUERY } from '../pipeline/take-in.js';
import { rootOf } from '../repos/repository.js';
import { openInbox, type TestInbox } from '../tests/support/inbox.js';
import { until } from '../tests/support/until.js';
import { machine, table } from './system.js';

/*
 * From an upload to a job: `npm run bench:triggers`. The stack is the one that `npm start` runs, with its receiver; any S3
 * client uploads. Pictures are tiny, and unless told otherwise only the workflow worker runs: what stages cost is measured
 * by `bench:pipeline`.
 */

const { values } = parseArgs({
  options: {
    /** Exams one after the other, for the time until the job starts. */
    singles: { type: 'string', default: '20' },
    /** Exams at once. */
    burst: { type: 'string', default: '1000' },
    roles: { type: 'string', default: 'workflow' },
    /** Uploads at the same time. */
    uploads: { type: 'string', default: '32' },
  },
});

/** The promise, with the two seconds of quiet in it. */
const MEDIAN_WITHIN_SECONDS = 3;
/** A receiver holds requests for milliseconds: its memory is Node's and the libraries'. */
const RECEIVER_GROWS_AT_MOST_MB = 80;
/** Far below Temporal's 51,200 events, where it would end the workflow. */
const LONGEST_HISTORY = 10_000;

/** Steps that go evenly through a second. */
const PHASE_STEP_MS = 382;
const LOOK_EVERY_MS = 200;
/** Longer than the time for which exams are gathered into one commit, so that each comes alone. */
const APART_MS = 4000;

const branch = 'main';
const PLACEHOLDER = join(packageRoot, 'models', 'placeholder', 'bundle');

interface Bench {
  readonly stack: Stack;
  readonly session: Session;
  readonly client: Client;
  readonly inbox: TestInbox;
}

async function takeInState({ client }: Bench): Promise<TakeInState | undefined> {
  return client.workflow
    .getHandle(takeInWorkflowId(branch))
    .query<TakeInState>(WAITING_QUERY)
    .catch(() => undefined);
}

/** @returns seconds from the end of the last view's upload to the start of the job, by this machine's clock. */
async function single(bench: Bench, exam: string): Promise<number> {
  const { repository } = bench.session;
  const before = (await repository.head(branch))?.id;
  await bench.inbox.uploadViews(exam);
  const uploaded = Date.now();
  // The workflow is asked only when it is done: a query costs it as much as a step.
  const commit = await until(`the commit of ${exam}`, async () => {
    await sleep(LOOK_EVERY_MS);
    const head = await repository.head(branch);
    return head?.id !== before && head?.by.kind === 'take-in' && head.id;
  });
  const job = await until(`the job of ${exam}`, async () => {
    const last = (await takeInState(bench))?.last;
    return last?.commit === commit && (last.job ?? undefined);
  });
  const { startTime } = await bench.client.workflow.getHandle(job).describe();
  return (startTime.getTime() - uploaded) / 1000;
}

interface Burst {
  readonly uploadSeconds: number;
  readonly takenInSeconds: number;
  readonly commits: number;
  /** How many times an exam was committed, added up over the commits. */
  readonly committed: number;
  readonly inboxLeft: number;
  readonly examVersions: number;
  readonly examKeys: number;
  readonly exams: number;
  readonly runs: number;
  readonly longestHistory: number;
  readonly hints: number;
}

async function burst(bench: Bench, exams: number, atOnce: number): Promise<Burst> {
  const { session, inbox } = bench;
  const { repository } = session;
  const earlier = (await repository.head(branch)) as Commit;
  const before = rootOf(earlier, 'exams').items;
  const limit = pLimit(atOnce);
  const start = performance.now();
  const names = Array.from({ length: exams }, (_, index) => `burst-${String(index).padStart(5, '0')}`);
  await Promise.all(names.map((name) => limit(() => inbox.uploadViews(name))));
  const uploadSeconds = (performance.now() - start) / 1000;
  console.error(`${exams} exams uploaded in ${uploadSeconds.toFixed(1)} s`);
  await until('an empty inbox', async () => (await inbox.keys()).length === 0);
  const takenInSeconds = (performance.now() - start) / 1000;
  let commits = 0;
  let committed = 0;
  for await (const commit of repository.log((await repository.head(branch)) as Commit)) {
    if (commit.id === earlier.id) break;
    if (commit.by.kind !== 'take-in') continue;
    commits += 1;
    const parent = await repository.parent(commit);
    for await (const _ of repository.inputs.diff(rootOf(parent, 'exams'), rootOf(commit, 'exams'))) committed += 1;
  }
  const keys = new Set<string>();
  // versitygw names the last version of a page again on the next one.
  const versions = new Set<string>();
  for await (const { key, versionId } of repository.store.listVersions('exams/burst-')) {
    keys.add(key);
    versions.add(`${key} ${versionId}`);
  }
  return {
    uploadSeconds,
    takenInSeconds,
    commits,
    committed,
    inboxLeft: (await inbox.keys()).length,
    examVersions: versions.size,
    examKeys: keys.size,
    exams: rootOf(await repository.head(branch), 'exams').items - before,
    ...(await histories(bench.client)),
  };
}

/** Of all runs of the take-in workflow since the start. */
async function histories(client: Client): Promise<Pick<Burst, 'runs' | 'longestHistory' | 'hints'>> {
  let runs = 0;
  let longestHistory = 0;
  let hints = 0;
  const workflowId = takeInWorkflowId(branch);
  for await (const { runId } of client.workflow.list({ query: `WorkflowId = '${workflowId}'` })) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    runs += 1;
    longestHistory = Math.max(longestHistory, events?.length ?? 0);
    hints += (events ?? []).filter((event) => event.workflowExecutionSignaledEventAttributes != null).length;
  }
  return { runs, longestHistory, hints };
}

/** Resident memory of a process in MB, as Linux tells it. */
async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1000;
}

/** Looks at the receiver's memory twice a second. */
function watchReceiver(stack: Stack) {
  const samples: number[] = [];
  const timer = setInterval(() => {
    const pid = stack.state().receiver?.pid;
    if (pid !== undefined)
      void residentMegabytes(pid).then(
        (megabytes) => samples.push(megabytes),
        () => undefined,
      );
  }, 500);
  return {
    samples,
    stop: () => clearInterval(timer),
  };
}

const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] as number;
};

const dataFolder = await mkdtemp(join(tmpdir(), 'mammoflow-bench-'));
const roles = WORKER_ROLES.filter((role) => values.roles.split(',').includes(role));
const stack = await startStack({ dataFolder, workers: workerProcesses(roles), log: () => undefined });
const session = openLocalSession(await connectionSettings({ dataFolder, environment: {} }));
const bench: Bench = { stack, session, client: await session.client(), inbox: openInbox(stack.services.s3) };
const missed: string[] = [];
const target = (what: string, met: boolean): string => {
  if (!met) missed.push(what);
  return met ? 'yes' : '**no**';
};
try {
  await put(session, { repo: 'models', paths: [PLACEHOLDER], branch, process: false, for: 'all' });
  await single(bench, 'warm-up');
  const seconds: number[] = [];
  for (let index = 0; index < Number(values.singles); index += 1) {
    // S3 tells times in whole seconds, so when in a second an exam comes is part of how long it waits.
    await sleep(APART_MS);
    await sleep((((index * PHASE_STEP_MS - Date.now()) % 1000) + 1000) % 1000);
    seconds.push(await single(bench, `single-${index}`));
    console.error(`exam ${index + 1}: ${seconds.at(-1)?.toFixed(2)} s`);
  }
  const idle = await residentMegabytes(stack.state().receiver?.pid as number);
  const watch = watchReceiver(stack);
  const exams = Number(values.burst);
  const result = await burst(bench, exams, Number(values.uploads));
  watch.stop();
  const half = Math.floor(watch.samples.length / 2);
  const peak = Math.max(...watch.samples);
  const lost = 4 * exams - result.examKeys + result.inboxLeft;
  console.log(`${machine()}; workers: ${roles.join(', ')}\n`);
  console.log(
    table(
      ['what', 'measured', 'target', 'met'],
      [
        [
          `last view to job's start, median of ${seconds.length}`,
          `${median(seconds).toFixed(2)} s (${Math.min(...seconds).toFixed(2)} to ${Math.max(...seconds).toFixed(2)})`,
          `${MEDIAN_WITHIN_SECONDS} s`,
          target('median', median(seconds) < MEDIAN_WITHIN_SECONDS),
        ],
        [
          `${exams} exams, ${4 * exams} objects: uploaded`,
          `${result.uploadSeconds.toFixed(1)} s (${((4 * exams) / result.uploadSeconds).toFixed(0)} objects/s)`,
          '–',
          '–',
        ],
        ['all taken in, since the first upload', `${result.takenInSeconds.toFixed(1)} s`, '–', '–'],
        [
          'objects lost; exams committed twice',
          `${lost}; ${result.committed - exams}`,
          '0; 0',
          target('nothing lost', lost === 0 && result.committed === exams && result.exams === exams),
        ],
        ['copies that no commit names, for `gc`', String(result.examVersions - result.examKeys), '–', '–'],
        ['commits', String(result.commits), '–', target('few commits', result.commits < exams / 10)],
        ['hints since the start', String(result.hints), '–', '–'],
        [
          'longest history of the take-in workflow',
          `${result.longestHistory} events, ${result.runs} runs`,
          `${LONGEST_HISTORY}`,
          target('history bounded', result.longestHistory <= LONGEST_HISTORY),
        ],
        [
          'receiver: memory idle, first half, second half, peak',
          `${[idle, median(watch.samples.slice(0, half)), median(watch.samples.slice(half)), peak].map((megabytes) => megabytes.toFixed(0)).join(', ')} MB`,
          `+${RECEIVER_GROWS_AT_MOST_MB} MB`,
          target('receiver flat', peak - idle <= RECEIVER_GROWS_AT_MOST_MB),
        ],
      ],
    ),
  );
} finally {
  bench.inbox.close();
  await session.close();
  await stack.stop();
  await rm(dataFolder, { recursive: true, force: true });
}
if (missed.length > 0) {
  console.error(`missed: ${missed.join(', ')}`);
  process.exitCode = 1;
}
