import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Above this share of the processors' time, taken by others, a comparison of seconds says nothing (docs/benchmarks.md). */
export const MOST_OF_OTHERS = 0.05;

/** In which the kernel counts processors' time for programs, per second (proc(5)). */
const TICKS = 100;

interface Moment {
  readonly at: number;
  /** Processors' time since the machine started, in ticks: all that was not idle, and what this process tree used of it. */
  readonly busy: number;
  readonly own: number;
  readonly processors: number;
}

/**
 * Begins to watch which share of all processors' time is taken by anything but this process and its descendants, other
 * guests of the same host included.
 *
 * @param proc where the kernel tells it.
 * @returns a function that tells the share since then, 0 to 1; undefined where there is no such place, as on macOS.
 */
export function watchOtherProcesses(
  proc = '/proc',
  now: () => number = () => performance.now(),
): () => number | undefined {
  const begin = look(proc, now());
  return () => {
    const end = look(proc, now());
    if (begin === undefined || end === undefined) return undefined;
    const others = (end.busy - begin.busy - (end.own - begin.own)) / TICKS;
    const all = ((end.at - begin.at) / 1000) * end.processors;
    return all <= 0 ? 0 : Math.min(1, Math.max(0, others / all));
  };
}

function look(proc: string, at: number): Moment | undefined {
  let lines: string[];
  try {
    lines = readFileSync(join(proc, 'stat'), 'utf8').split('\n');
  } catch {
    return undefined;
  }
  const processors = lines.filter((line) => /^cpu\d/.test(line)).length;
  // user, nice, system, idle, iowait, irq, softirq, steal; what follows is contained in the first two.
  const [user = 0, nice = 0, system = 0, , , irq = 0, soft = 0, steal = 0] = (lines[0] ?? '')
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return { at, busy: user + nice + system + irq + soft + steal, own: ownTicks(proc), processors };
}

/** Ticks of this process and all its descendants, those that have ended included once their parents have waited for them. */
function ownTicks(proc: string): number {
  const children = new Map<number, number[]>();
  const ticks = new Map<number, number>();
  for (const name of readdirSync(proc).filter((entry) => /^\d+$/.test(entry))) {
    let stat: string;
    try {
      stat = readFileSync(join(proc, name, 'stat'), 'utf8');
    } catch {
      continue; // It has ended meanwhile.
    }
    // Counted from the end of the program's name, which may hold spaces: state, parent, …, and from field 11 on user and
    // system time of the process and of its children.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const parent = Number(fields[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    ticks.set(
      Number(name),
      fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0),
    );
  }
  const sum = (pid: number): number =>
    (children.get(pid) ?? []).reduce((total, child) => total + sum(child), ticks.get(pid) ?? 0);
  return sum(process.pid);
}
