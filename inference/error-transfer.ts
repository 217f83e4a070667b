import { type ErrorCode, ExamError, MammoflowError } from '../pipeline/errors.js';

/** An error as plain data: what structured cloning between threads and processes would lose of it. */
export interface TransferredError {
  readonly kind: 'exam' | 'mammoflow' | 'other';
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: ErrorCode;
  readonly next?: string;
  readonly view?: string;
  readonly cause?: TransferredError;
}

/** Turns anything thrown into data that survives a message between threads or processes. */
export function serialiseError(error: unknown): TransferredError {
  if (!(error instanceof Error)) return { kind: 'other', name: 'Error', message: String(error) };
  return {
    kind: error instanceof ExamError ? 'exam' : error instanceof MammoflowError ? 'mammoflow' : 'other',
    name: error.name,
    message: error.message,
    ...(error.stack !== undefined && { stack: error.stack }),
    ...(error instanceof MammoflowError && {
      code: error.code,
      ...(error.next !== undefined && { next: error.next }),
    }),
    ...(error instanceof ExamError && error.view !== undefined && { view: error.view }),
    ...(error.cause !== undefined && { cause: serialiseError(error.cause) }),
  };
}

/** The error again, of its own class and with the stack of where it was thrown. */
export function deserialiseError(transferred: TransferredError): Error {
  const { kind, message, code, next, view } = transferred;
  const options = transferred.cause === undefined ? undefined : { cause: deserialiseError(transferred.cause) };
  const error =
    kind === 'exam' && code !== undefined
      ? new ExamError(code, message, next, view, options)
      : kind === 'mammoflow' && code !== undefined
        ? new MammoflowError(code, message, next, options)
        : Object.assign(new Error(message, options), { name: transferred.name });
  if (transferred.stack !== undefined) error.stack = transferred.stack;
  return error;
}
