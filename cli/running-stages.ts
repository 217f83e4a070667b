import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { z } from 'zod';

/** A stage that is running or waiting to be tried again. */
export interface RunningStage {
  readonly exam: string;
  readonly stage?: string;
  /** What it is at, e.g. `L_MLO 3/4`. */
  readonly step?: string;
  /** Why its last attempt failed, while it waits for the next. */
  readonly retrying?: string;
}

/** More would not fit into a line. */
const EXAMS_SHOWN = 3;

/** The part of a stage's heartbeat that is shown. */
const heartbeatSchema = z.object({
  stage: z.string(),
  progress: z.object({ step: z.string(), done: z.number(), total: z.number() }).optional(),
});

/** What a few of a job's exams are doing now, from the heartbeats of their stages. */
export async function runningStages(client: Client, job: string): Promise<RunningStage[]> {
  const query = `MammoflowJob = '${job.replaceAll("'", '')}' AND WorkflowType = 'processExam' AND ExecutionStatus = 'Running'`;
  const found: RunningStage[] = [];
  let exams = 0;
  for await (const run of client.workflow.list({ query })) {
    if (exams === EXAMS_SHOWN) break;
    exams += 1;
    const exam = run.workflowId.slice(job.length + 1);
    const { raw } = await client.workflow.getHandle(run.workflowId).describe();
    for (const activity of raw.pendingActivities ?? []) {
      const payload = activity.heartbeatDetails?.payloads?.[0];
      const heartbeat = payload && heartbeatSchema.safeParse(defaultPayloadConverter.fromPayload(payload)).data;
      const progress = heartbeat?.progress;
      const failure = activity.lastFailure?.message;
      if (heartbeat === undefined && !failure) continue;
      found.push({
        exam,
        ...(heartbeat === undefined ? {} : { stage: heartbeat.stage }),
        ...(progress === undefined ? {} : { step: `${progress.step} ${progress.done}/${progress.total}` }),
        ...(failure ? { retrying: failure } : {}),
      });
    }
  }
  return found;
}
