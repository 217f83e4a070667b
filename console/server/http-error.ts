import type { ErrorCode } from '../../pipeline/errors.js';
import { MammoflowError } from '../../pipeline/errors.js';
import type { ErrorAnswer, HTTP_CODES } from '../contract/common.js';

/** An error that only HTTP has. */
export class HttpError extends Error {
  override readonly name = 'HttpError';

  constructor(
    readonly status: number,
    readonly code: (typeof HTTP_CODES)[number],
    message: string,
    readonly next?: string,
    /** What the answer holds beside the error. */
    readonly beside: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** What codes mean in HTTP; whoever asked is at fault where nothing else is said. */
const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  'not-found': 404,
  'unknown-reference': 404,
  'missing-object': 410,
  'branch-moved': 409,
  'corrupt-data': 502,
  'service-unavailable': 503,
  'stage-unavailable': 503,
  'worker-crashed': 500,
  'inference-failed': 500,
  'job-failed': 500,
};

/** Errors of connections, as Node, gRPC and the AWS SDK name them. */
const UNREACHABLE =
  /ECONNREFUSED|ECONNRESET|ENOTFOUND|EHOSTUNREACH|ETIMEDOUT|EPIPE|UNAVAILABLE|TimeoutError|NetworkingError/;

export interface Answer {
  readonly status: number;
  readonly body: ErrorAnswer & Readonly<Record<string, unknown>>;
  /** Not on purpose: to be logged. */
  readonly unexpected: boolean;
}

/** An error as it is answered. What nobody expected is not told, since it may name what is nobody's business. */
export function answerOf(error: unknown): Answer {
  if (error instanceof HttpError) {
    const { status, code, message, next, beside } = error;
    return {
      status,
      body: { error: { code, message, ...(next === undefined ? {} : { next }) }, ...beside },
      unexpected: false,
    };
  }
  if (error instanceof MammoflowError) {
    const { code, message, next } = error;
    return plain(STATUS[code] ?? 400, code, message, next);
  }
  const { validation, statusCode, code, message, name } = error as {
    validation?: readonly { message?: string; instancePath?: string }[];
    statusCode?: number;
    code?: string;
    message?: string;
    name?: string;
  };
  if (validation !== undefined) {
    const [issue] = validation;
    const where = issue?.instancePath?.replace(/^\//, '').replaceAll('/', '.');
    return plain(
      400,
      'invalid-argument',
      `${where ? `${where}: ` : ''}${issue?.message ?? 'The request is not as expected'}.`,
    );
  }
  if (statusCode === 413)
    return plain(413, 'too-large', 'That is larger than is taken at once.', 'Send it in smaller pieces.');
  if (statusCode === 429) return plain(429, 'too-many-requests', 'Too many requests.', 'Wait a minute and try again.');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return plain(statusCode, 'invalid-argument', `${message ?? 'The request is not as expected'}.`);
  }
  if (UNREACHABLE.test(`${code} ${name} ${message}`)) {
    return plain(
      503,
      'service-unavailable',
      'Temporal or S3 does not answer.',
      'See `mammoflow status`; nothing is lost, try again then.',
    );
  }
  return {
    ...plain(500, 'internal', 'Something went wrong here that nobody expected.', 'The log of the console says more.'),
    unexpected: true,
  };
}

const plain = (status: number, code: string, message: string, next?: string): Answer => ({
  status,
  body: { error: { code, message, ...(next === undefined ? {} : { next }) } },
  unexpected: false,
});
