import type { Client } from '@temporalio/client';
import { IS_OPEN } from '../../planning/open-executions.js';
import { aliveWorkers } from '../alive-workers.js';
import { type PendingActivity, pendingActivities } from './pending-activities.js';

/** A stage that is running, waiting to be tried again, or waiting for a worker; or so a step of the job's own. */
export interface RunningStage {
  /** Absent for a step of the job's own, such as planning. */
  readonly exam?: string;
  /** The stage, or the job's own step: `planning`, `committing results`. */
  readonly stage?: string;
  /** What it is at, e.g. `L_MLO 3/4`. */
  readonly step?: string;
  /** Why its last attempt failed, with what a person can do, while it is tried again. */
  readonly retrying?: string;
  /** With `retrying`: the number of the present attempt, or of the next. */
  readonly attempt?: number;
  /** With `retrying`: when it was first asked for. */
  readonly since?: string;
  /** With `retrying`: when it is tried again; absent while an attempt runs. */
  readonly next?: string;
  /** Why nobody has begun with it. */
  readonly waiting?: string;
}

/** More would not fit into a line. */
const SHOWN = 3;
/** Exams that are asked what they are at: those in trouble are shown first, and they need not come first. */
const EXAMS_LOOKED_AT = 12;

/** What a job does itself, in words. */
const OWN_STEPS: Readonly<Record<string, string>> = {
  planJob: 'planning',
  resolveKnown: 'looking up known results',
  takeRest: 'planning',
  landResults: 'committing results',
  findLostExams: 'looking for lost exams',
  finishJob: 'ending the job',
  recordOutcome: 'recording the outcome',
};

/**
 * What a job and a few of its exams are doing now, from the heartbeats of their stages, what is tried again (why, how often,
 * since when), and which task queues they wait for that nobody serves. What is in trouble comes first.
 */
export async function runningStages(client: Client, job: string): Promise<RunningStage[]> {
  const query = `MammoflowJob = '${job.replaceAll("'", '')}' AND WorkflowType = 'processExam' AND ${IS_OPEN}`;
  const exams: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query, pageSize: EXAMS_LOOKED_AT })) {
    if (exams.push(workflowId.slice(job.length + 1)) === EXAMS_LOOKED_AT) break;
  }
  const [own, ...ofExams] = await Promise.all([
    pendingActivities(client, job),
    ...exams.map((exam) => pendingActivities(client, `${job}/${exam}`)),
  ]);
  const unserved = await unservedOf(client, [own, ...ofExams].flat());
  const found = [
    ...own.flatMap((activity) => shown(undefined, activity, unserved)),
    ...ofExams.flatMap((pending, index) => pending.flatMap((activity) => shown(exams[index], activity, unserved))),
  ];
  const isTrouble = ({ retrying, waiting }: RunningStage): boolean => (retrying ?? waiting) !== undefined;
  return [...found.filter(isTrouble), ...found.filter((stage) => !isTrouble(stage))].slice(0, SHOWN);
}

/** Nothing for what a worker is about to begin with, and for a step of the job's own that goes well. */
function shown(exam: string | undefined, activity: PendingActivity, unserved: ReadonlySet<string>): RunningStage[] {
  const { failure, attempt, since, next, leftTo, queue } = activity;
  const stage = activity.stage ?? OWN_STEPS[activity.type];
  const waiting = queue !== undefined && unserved.has(queue) ? `no worker serves the task queue ${queue}` : leftTo;
  const isOfInterest = failure !== undefined || waiting !== undefined || (exam !== undefined && activity.stage);
  if (!isOfInterest) return [];
  return [
    {
      ...(exam === undefined ? {} : { exam }),
      ...(stage === undefined ? {} : { stage }),
      ...(activity.step === undefined || leftTo !== undefined ? {} : { step: activity.step }),
      ...(failure === undefined
        ? {}
        : {
            retrying: failure,
            attempt,
            ...(since === undefined ? {} : { since }),
            ...(next === undefined ? {} : { next }),
          }),
      ...(waiting === undefined ? {} : { waiting }),
    },
  ];
}

/** The queues that activities wait in and that no worker of activities asks. */
async function unservedOf(client: Client, pending: readonly PendingActivity[]): Promise<Set<string>> {
  const queues = [...new Set(pending.flatMap(({ queue }) => queue ?? []))];
  if (queues.length === 0) return new Set();
  const workers = await aliveWorkers(client, queues);
  const isServed = (queue: string): boolean =>
    workers.some(({ taskQueue, kinds }) => taskQueue === queue && kinds.includes('activity'));
  return new Set(queues.filter((queue) => !isServed(queue)));
}
