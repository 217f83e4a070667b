import { ApplicationFailure, Context, log } from '@temporalio/activity';
import { z } from 'zod';
import { ExamError, MammoflowError } from '../../pipeline/errors.js';
import type { StageDependencies } from '../dependencies.js';
import { toFailure } from '../failures.js';
import { openJobFiles } from '../job/job-files.js';
import type { StageProgress } from '../stage.js';
import { type DatumRequest, type DatumResult, runDatum } from './run-datum.js';

export interface StageActivities {
  /** Brings one datum about, on the queue of the stage's class. */
  runStage(request: DatumRequest): Promise<DatumResult>;
}

/** A datum that takes its worker down with it is not given another worker for ever. */
const MAX_CRASHES = 3;
const HEARTBEAT_MS = 5_000;

/**
 * What an attempt leaves behind for the next one. `suspected` counts attempts that began and did not say how they
 * ended: their worker was killed, for instance by running out of memory.
 */
const heartbeatSchema = z.object({ suspected: z.number().int() });

export function createStageActivities(dependencies: StageDependencies): StageActivities {
  const jobs = openJobFiles(dependencies.repository.store);
  return {
    async runStage(request) {
      const context = Context.current();
      const before = heartbeatSchema.safeParse(context.info.heartbeatDetails).data?.suspected ?? 0;
      let suspected = before + 1;
      let progress: StageProgress | undefined;
      const heartbeat = (): void =>
        context.heartbeat({ suspected, stage: request.stage, ...(progress === undefined ? {} : { progress }) });
      try {
        if (before >= MAX_CRASHES) throw crashedTooOften(request, before);
        heartbeat();
        const timer = setInterval(heartbeat, HEARTBEAT_MS);
        try {
          const result = await runDatum(dependencies, jobs, request, context.cancellationSignal, (latest) => {
            progress = latest;
          });
          if (result.replaced !== undefined)
            log.warn(`computed ${request.stage} of exam ${request.exam} again: ${result.replaced}`);
          return result;
        } finally {
          clearInterval(timer);
        }
      } catch (error) {
        const crashed = error instanceof MammoflowError && error.code === 'worker-crashed';
        if (!crashed) suspected = before;
        // The next attempt reads this: an error that was reported is no crash.
        heartbeat();
        if (context.cancellationSignal.aborted) await context.cancelled;
        throw named(toFailure(error), request);
      }
    },
  };
}

const crashedTooOften = ({ stage, exam }: DatumRequest, times: number): ExamError =>
  new ExamError(
    'worker-crashed',
    `Stage ${stage} ended its worker ${times} times on exam ${exam}, so it is not tried again.`,
    'Look into the worker logs (memory is the usual cause), then run `mammoflow process --only failed`.',
  );

/** Anything unexpected is retried; say which datum it was, since the log of a retry may be far from its start. */
function named(failure: unknown, { stage, exam }: DatumRequest): unknown {
  if (failure instanceof ApplicationFailure) return failure;
  const message = failure instanceof Error ? failure.message : String(failure);
  return ApplicationFailure.retryable(
    `${stage} of exam ${exam}: ${message}`,
    failure instanceof Error ? failure.name : undefined,
  );
}
