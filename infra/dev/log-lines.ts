import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';

/** A line that a process of the embedded stack logged. */
export interface LogLine {
  /** ISO 8601. */
  readonly time: string;
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
  /** The process, as `status` names it: `worker-gpu`. */
  readonly process: string;
  readonly message: string;
  /** Why, where something failed. */
  readonly reason?: string;
  /** The workflow, activity and attempt that it is about, as far as the line says. */
  readonly workflow?: string;
  readonly activity?: string;
  readonly attempt?: number;
}

/** pino's numbers for levels. */
const LEVELS: Readonly<Record<number, LogLine['level']>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/**
 * The lines of the embedded workers that are about an exam or a job, oldest first within each process. Looks for the name
 * in the line's values, as a whole or as a part between slashes (a workflow of an exam is called `<job>/<exam>`).
 *
 * @param name an exam or a job.
 */
export async function* logLinesAbout(dataFolder: string, name: string): AsyncGenerator<LogLine> {
  const folder = join(dataFolder, 'logs');
  const files = (await readdir(folder).catch(() => [])).filter((file) => file.startsWith('worker-')).sort();
  for (const file of files) {
    const lines = createInterface({ input: createReadStream(join(folder, file)), crlfDelay: Number.POSITIVE_INFINITY });
    for await (const text of lines) {
      // Most lines are about something else: those need not be parsed.
      if (!text.includes(name)) continue;
      const line = parseLine(text);
      if (line !== undefined && mentions(line, name)) yield asLogLine(basename(file, '.log'), line);
    }
  }
}

type Line = Readonly<Record<string, unknown>>;

/** Lines that are no JSON are what a native library printed. */
function parseLine(text: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Line) : undefined;
  } catch {
    return undefined;
  }
}

function mentions(value: unknown, name: string): boolean {
  if (typeof value === 'string') return new RegExp(`(^|[\\s/"'\`])${escaped(name)}($|[\\s/"'\`.:,])`).test(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((part) => mentions(part, name));
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

function asLogLine(process: string, line: Line): LogLine {
  const { level, time, msg, workflowId, activityType, attempt } = line;
  const error = (line.error ?? line.err) as { message?: unknown } | undefined;
  return {
    time: new Date(Number(time)).toISOString(),
    level: LEVELS[Number(level)] ?? 'info',
    process,
    message: String(msg ?? ''),
    ...(typeof error?.message === 'string' ? { reason: error.message } : {}),
    ...(typeof workflowId === 'string' ? { workflow: workflowId } : {}),
    ...(typeof activityType === 'string' ? { activity: activityType } : {}),
    ...(typeof attempt === 'number' ? { attempt } : {}),
  };
}
