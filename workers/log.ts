import { DefaultLogger, type Logger } from '@temporalio/worker';
import { type DestinationStream, type Logger as PinoLogger, pino, stdSerializers } from 'pino';

/**
 * Structured logs, one JSON object a line on standard error. No image content and no file content goes into a log.
 *
 * @param role who writes; each line names it
 */
export const createLog = (role: string, level = process.env.MAMMOFLOW_LOG_LEVEL ?? 'info'): PinoLogger =>
  pino(
    {
      level,
      base: { role, pid: process.pid },
      // Temporal calls what an activity threw `error`; by itself pino knows only `err`.
      serializers: { err: stdSerializers.err, error: stdSerializers.err },
    },
    destination(),
  );

/** Lines that wait while the file behind standard error takes none; those beyond are left out. */
const WAITING_BYTES = 1_000_000;

/**
 * Standard error, for a worker that outlives it: unheard, an error of the destination (the disk is full) would end the
 * process, and the exams it works on, because of a line of log. Lines are written when there is room again.
 */
function destination(): DestinationStream {
  const stream = pino.destination({ dest: 2, sync: true, maxLength: WAITING_BYTES });
  stream.on('error', () => undefined);
  return stream;
}

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** What Temporal warns of at each start of a worker that is meant to run activities only. */
const AS_INTENDED = 'No workflows registered, not polling for workflow tasks';

/** Temporal's own messages into the same log. */
export const temporalLogger = (log: PinoLogger): Logger =>
  new DefaultLogger('INFO', ({ level, message, meta }) =>
    log[message === AS_INTENDED ? 'debug' : LEVELS[level]](meta ?? {}, message),
  );
