import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * A string that belongs to one process for ever: its start time, and on Linux the boot as well. A pid alone is
 * given to another process sooner or later, so a pid in a file says nothing without it.
 *
 * @returns undefined where no such process runs (one that has ended and waits to be reaped counts as ended)
 */
export function processIdentity(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The second field is the program's name in parentheses and may hold spaces: count from its end. There, field 0
      // is the state and field 19 the start time in clock ticks since boot (proc(5)).
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
      return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${fields[19]}`;
    } catch {
      return undefined;
    }
  }
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
    return started === '' ? undefined : started;
  } catch {
    return undefined;
  }
}

/** A process as a file remembers it. */
export interface ProcessReference {
  readonly pid: number;
  readonly identity: string;
}

/** True while the very process that was written down still runs. */
export function isRunning(reference: ProcessReference): boolean {
  return processIdentity(reference.pid) === reference.identity;
}

/** This process, to be written down. */
export function thisProcess(): ProcessReference {
  return { pid: process.pid, identity: processIdentity(process.pid) ?? 'unknown' };
}
