import { DefaultLogger, type Logger } from '@temporalio/worker';
import { type Logger as PinoLogger, pino } from 'pino';

/** Structured logs, one JSON object a line on standard error. No image content and no file content goes into a log. */
export const createLog = (role: string, level = process.env.MAMMOFLOW_LOG_LEVEL ?? 'info'): PinoLogger =>
  pino({ level, base: { role, pid: process.pid } }, pino.destination(2));

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** Temporal's own messages into the same log. */
export const temporalLogger = (log: PinoLogger): Logger =>
  new DefaultLogger('INFO', ({ level, message, meta }) => log[LEVELS[level]](meta ?? {}, message));
