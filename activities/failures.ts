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

/** An activity whose errors reach Temporal as failures of the right kind. */
export function withFailures<Arguments extends unknown[], Result>(
  activity: (...args: Arguments) => Promise<Result>,
): (...args: Arguments) => Promise<Result> {
  return async (...args) => {
    try {
      return await activity(...args);
    } catch (error) {
      throw toFailure(error);
    }
  };
}
