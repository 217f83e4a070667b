import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { type ErrorCode, ExamError, MammoflowError } from '../pipeline/errors.js';
import { UpstreamLost } from './datum/upstream-lost.js';

/** Failure types that workflows match on. */
export const EXAM_ERROR = 'ExamError';

/** Errors that trying again cannot mend: the request or the pipeline itself is wrong. */
const FINAL_CODES: ReadonlySet<ErrorCode> = new Set([
  'invalid-argument',
  'invalid-configuration',
  'invalid-pipeline',
  'invalid-bundle',
  'no-model',
  'not-found',
  'unknown-reference',
  // It was read twice, and nobody writes a plan again.
  'damaged-plan',
]);

/** Error as a Temporal failure: exam errors and wrong requests are final, everything else is retried. */
export function toFailure(error: unknown): unknown {
  if (!(error instanceof MammoflowError)) return error;
  return ApplicationFailure.create({
    message: error.sentence,
    type: error instanceof ExamError ? EXAM_ERROR : error.code,
    nonRetryable: error instanceof ExamError || FINAL_CODES.has(error.code),
    details: [
      {
        code: error.code,
        ...(error instanceof ExamError && error.view !== undefined ? { view: error.view } : {}),
        ...(error instanceof UpstreamLost ? { upstream: error.upstream } : {}),
      },
    ],
    cause: error,
  });
}

/** The type of the failure by which a task goes back to its queue because its worker ends. */
export const HANDED_BACK = 'worker-ends';

/** Another worker begins at once: no error, and no wait as after one. */
export const handedBack = (what: string): ApplicationFailure =>
  ApplicationFailure.create({
    message: `${what} was handed back: its worker was told to end, and another one starts it again`,
    type: HANDED_BACK,
    nonRetryable: false,
    nextRetryDelay: 1,
    // Nothing is wrong, so nothing is to be logged.
    category: 'BENIGN',
  });

/**
 * An activity whose errors reach Temporal as failures of the right kind, and which goes back to its queue when the worker's
 * grace is over. What it had begun may go on until the process ends, as that of a worker that is killed does.
 */
export function withFailures<Arguments extends unknown[], Result>(
  activity: (...args: Arguments) => Promise<Result>,
): (...args: Arguments) => Promise<Result> {
  return async (...args) => {
    try {
      return await Promise.race([activity(...args), graceOver(Context.current())]);
    } catch (error) {
      throw toFailure(error);
    }
  };
}

/** Never resolves. That a workflow was cancelled is no reason: what it asked for is finished. */
const graceOver = (context: Context): Promise<never> =>
  new Promise((_, reject) => {
    context.cancelled.catch(() => {
      if (context.cancellationDetails?.workerShutdown === true) reject(handedBack(context.info.activityType));
    });
  });
