import { hostname } from 'node:os';
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

/** A datum that brings down what it runs in is not given another process for ever. */
const MAX_CRASHES = 3;
const HEARTBEAT_MS = 5_000;

/**
 * What an attempt leaves behind for the next one:
 *
 * ```
 *   an attempt that                                counts as   what follows
 *   began and never said how it ended              suspected   the next runs alone, in a process of its own
 *   lost the thread or process to its own fault    crashes     at three the exam fails
 *   lost its process to somebody else (SIGKILL)    -           tried again, as after every other error
 * ```
 *
 * A worker dies for many reasons, most of them the machine's: its memory, its disk, whoever turns it off. So its death
 * makes a datum suspected and no more, however often it happens; only a crash that is the stage's own is held against it.
 */
const heartbeatSchema = z.object({ suspected: z.number().int(), crashes: z.number().int().default(0) });

export function createStageActivities(dependencies: StageDependencies): StageActivities {
  const jobs = openJobFiles(dependencies.repository.store);
  return {
    async runStage(request) {
      const context = Context.current();
      const { info } = context;
      const before = heartbeatSchema.safeParse(info.heartbeatDetails).data ?? { suspected: 0, crashes: 0 };
      let counts = { ...before, suspected: before.suspected + 1 };
      let progress: StageProgress | undefined;
      const heartbeat = (): void =>
        context.heartbeat({ ...counts, stage: request.stage, ...(progress === undefined ? {} : { progress }) });
      const claimant = {
        owner: `${info.workflowExecution?.runId}/${info.activityId}`,
        job: request.job,
        worker: hostname(),
      };
      const followed = dependencies.drain?.follow(request.stage);
      const onProgress = (latest: StageProgress): void => {
        progress = latest;
        followed?.progress(latest);
      };
      const signal =
        followed === undefined
          ? context.cancellationSignal
          : AbortSignal.any([context.cancellationSignal, followed.signal]);
      let computed = false;
      try {
        if (before.crashes >= MAX_CRASHES) throw crashedTooOften(request, before.crashes);
        heartbeat();
        const timer = setInterval(heartbeat, HEARTBEAT_MS);
        try {
          const result = await runDatum(dependencies, jobs, request, signal, onProgress, {
            claimant,
            alone: before.suspected > 0,
          });
          computed = result.computed;
          if (result.replaced !== undefined)
            log.warn(`computed ${request.stage} of exam ${request.exam} again: ${result.replaced}`);
          return result;
        } finally {
          clearInterval(timer);
        }
      } catch (error) {
        const crashed = error instanceof MammoflowError && error.code === 'worker-crashed';
        // The next attempt reads this: an attempt that says how it ended leaves no suspicion.
        counts = { ...before, crashes: before.crashes + (crashed ? 1 : 0) };
        heartbeat();
        // Whatever the interruption made of it.
        if (followed?.signal.aborted === true && !(error instanceof ExamError)) throw followed.signal.reason;
        if (context.cancellationSignal.aborted) await context.cancelled;
        throw named(toFailure(error), request);
      } finally {
        followed?.ended(computed);
      }
    },
  };
}

const crashedTooOften = ({ stage, exam }: DatumRequest, times: number): ExamError =>
  new ExamError(
    'worker-crashed',
    `Stage ${stage} crashed ${times} times on exam ${exam}, so it is not tried again.`,
    'Look into the worker logs, then run `mammoflow process --only failed`.',
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
