import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Mammoflow } from '../../api/mammoflow.js';
import type { ConsoleEvent } from '../contract/events.js';

/** How often branches, jobs and the inbox are looked at while somebody listens. */
const LOOK_MS = 2_000;
/** How long closing waits for a look that is under way. */
const CLOSE_MS = 2_000;
const HEARTBEAT_MS = 15_000;
/** Events that somebody who was cut off can still be told. */
const REMEMBERED = 500;
/** Listeners at once; a browser has one for each open page. */
const LISTENERS = 500;
/** Jobs that run at once and are told about. */
const JOBS = 10;

interface Told {
  readonly number: number;
  readonly event: ConsoleEvent;
}

export interface Events {
  /**
   * Tells a connection what changes, until it is closed.
   *
   * @param lastId the last event it had, if any.
   * @param mayGoOn asked with every heartbeat: whoever may no longer read is cut off.
   * @returns false when there are too many listeners.
   */
  listen(response: ServerResponse, lastId: string | undefined, mayGoOn: () => Promise<boolean>): boolean;
  close(): Promise<void>;
}

/** Looks at what may change while somebody listens, and tells all listeners what did. */
export function openEvents(mammoflow: Mammoflow): Events {
  /** Numbers of another run of the console mean nothing here. */
  const run = randomBytes(4).toString('hex');
  const listeners = new Map<ServerResponse, () => Promise<boolean>>();
  const told: Told[] = [];
  let number = 0;
  let seen: Seen | undefined;
  let looking: Promise<void> | undefined;
  let looks: NodeJS.Timeout | undefined;
  let heartbeats: NodeJS.Timeout | undefined;

  function tell(event: ConsoleEvent): void {
    number += 1;
    told.push({ number, event });
    if (told.length > REMEMBERED) told.shift();
    for (const response of listeners.keys()) send(response, { number, event });
  }

  function send(response: ServerResponse, { number: id, event: { type, ...data } }: Told): void {
    response.write(`event: ${type}\nid: ${run}-${id}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  function look(): void {
    // Where looking takes longer than the pause, looks must not gather: whoever closes the console would wait for all of them.
    looking ??= lookAround(mammoflow, seen)
      .then((now) => {
        if (seen !== undefined) for (const event of differences(seen, now)) tell(event);
        seen = now;
      })
      .catch(() => undefined)
      .finally(() => {
        looking = undefined;
      });
  }

  function beat(): void {
    for (const [response, mayGoOn] of listeners) {
      response.write(': here\n\n');
      mayGoOn().then(
        (may) => may || response.end(),
        () => response.end(),
      );
    }
  }

  function start(): void {
    if (looks !== undefined) return;
    look();
    looks = setInterval(look, LOOK_MS);
    heartbeats = setInterval(beat, HEARTBEAT_MS);
  }

  function stop(): void {
    clearInterval(looks);
    clearInterval(heartbeats);
    looks = undefined;
    // What happens while nobody listens is not noticed, so it cannot be told later.
    seen = undefined;
    told.length = 0;
  }

  return {
    listen(response, lastId, mayGoOn) {
      if (listeners.size >= LISTENERS) return false;
      const [ofRun, last] = lastId?.split('-') ?? [];
      const missed = told.filter((one) => one.number > Number(last));
      const knowsAll = ofRun === run && looks !== undefined && Number(last) + missed.length === number;
      if (knowsAll) for (const one of missed) send(response, one);
      else send(response, { number, event: { type: 'reset' } });
      listeners.set(response, mayGoOn);
      response.on('close', () => {
        listeners.delete(response);
        if (listeners.size === 0) stop();
      });
      start();
      return true;
    },
    async close() {
      for (const response of listeners.keys()) response.end();
      stop();
      // A look may wait for a service that does not answer; nobody hears of it any more.
      await Promise.race([looking, sleep(CLOSE_MS, undefined, { ref: false })]);
    },
  };
}

type JobEvent = Extract<ConsoleEvent, { type: 'job' }>;

interface Seen {
  readonly branches: ReadonlyMap<string, { readonly commit: string; readonly sequence: number }> | undefined;
  readonly jobs: ReadonlyMap<string, JobEvent> | undefined;
  readonly inbox: Extract<ConsoleEvent, { type: 'inbox' }> | undefined;
  readonly problems: { readonly s3: string | null; readonly temporal: string | null };
}

async function lookAround(mammoflow: Mammoflow, before: Seen | undefined): Promise<Seen> {
  const problems: { s3: string | null; temporal: string | null } = { s3: null, temporal: null };
  const [branches, inbox, jobs] = await Promise.all([
    branchesNow(mammoflow).catch((error: Error) => {
      problems.s3 = error.message;
      return before?.branches;
    }),
    inboxNow(mammoflow).catch((error: Error) => {
      problems.s3 = error.message;
      return before?.inbox;
    }),
    jobsNow(mammoflow).catch((error: Error) => {
      problems.temporal = error.message;
      return before?.jobs;
    }),
  ]);
  return { branches, inbox, jobs, problems };
}

async function branchesNow(mammoflow: Mammoflow): Promise<NonNullable<Seen['branches']>> {
  const branches = new Map<string, { commit: string; sequence: number }>();
  for await (const { branch, commit, sequence } of mammoflow.branches()) branches.set(branch, { commit, sequence });
  return branches;
}

async function inboxNow(mammoflow: Mammoflow): Promise<NonNullable<Seen['inbox']>> {
  const { counts, overdue } = await mammoflow.inbox({ limit: 1 });
  return {
    type: 'inbox',
    waiting: counts.incomplete + counts.settling + counts.ready,
    refused: counts.refused,
    overdue,
  };
}

/** The newest jobs, as far as they are told about. */
async function jobsNow(mammoflow: Mammoflow): Promise<NonNullable<Seen['jobs']>> {
  const jobs = new Map<string, JobEvent>();
  for await (const { job, status, exams, total } of mammoflow.jobs({ limit: JOBS })) {
    const done = exams.processed + exams.skipped + exams.failed;
    jobs.set(job, { type: 'job', job, status, done, failed: exams.failed, total });
  }
  return jobs;
}

function* differences(before: Seen, now: Seen): Generator<ConsoleEvent> {
  for (const service of ['s3', 'temporal'] as const) {
    const problem = now.problems[service];
    if (problem !== before.problems[service]) yield { type: 'service', service, problem };
  }
  for (const [branch, { commit, sequence }] of now.branches ?? []) {
    if (before.branches?.get(branch)?.commit === commit) continue;
    yield { type: 'branch', branch, commit, sequence };
    yield { type: 'results', branch, commit };
  }
  for (const branch of before.branches?.keys() ?? []) {
    if (now.branches?.has(branch) === false) yield { type: 'branch', branch, commit: null, sequence: null };
  }
  for (const [job, event] of now.jobs ?? []) {
    if (JSON.stringify(before.jobs?.get(job)) !== JSON.stringify(event)) yield event;
  }
  if (now.inbox !== undefined && JSON.stringify(now.inbox) !== JSON.stringify(before.inbox)) yield now.inbox;
}
