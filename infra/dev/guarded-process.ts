import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fchmodSync, openSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/**
 * The guard: a shell between us and the program that ends the program when we are gone, however we went.
 *
 *     mammoflow ══ fd 3: a pipe nobody writes to ══╗
 *         └── sh (guard, a session of its own)     ║
 *              ├── the program                     ║
 *              └── ( read ═════════════════════════╝ ; TERM, then KILL after the grace )
 *
 * The kernel closes our end of the pipe when we end, by SIGKILL too; `read` returns and the program is ended. Stopping
 * it on purpose closes the same pipe, so there is one way to stop and every stop tests it. The session of its own keeps
 * a Ctrl-C in the terminal from reaching the program before we have ended it in order.
 */
const GUARD = `
grace=$1; shift
"$@" </dev/null 3<&- 4>&- &
child=$!
echo "$child" >&4
exec 4>&-
(
  read -r _ <&3
  kill -TERM "$child" 2>/dev/null
  while [ "$grace" -gt 0 ]; do
    kill -0 "$child" 2>/dev/null || exit
    sleep 1
    grace=$((grace - 1))
  done
  kill -KILL "$child" 2>/dev/null
) &
watcher=$!
exec 3<&-
wait "$child"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"
`;

/** How a program ended: its exit code, 128 and the signal's number for one that was killed. */
export interface Exit {
  readonly code: number;
}

/** What to start, and how. */
export interface GuardedOptions {
  /** What it is called in messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Its whole environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly logFile: string;
  /** Whole seconds between SIGTERM and SIGKILL. */
  readonly graceSeconds: number;
}

/** A program that does not outlive this process. */
export interface GuardedProcess {
  readonly name: string;
  /** The program's own pid. */
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when the program has ended, and all that it started and left behind. Never rejects. */
  readonly exited: Promise<Exit>;
  /** Ends it: SIGTERM, and SIGKILL after the grace. Resolves when it has ended. */
  stop(): Promise<void>;
}

/**
 * Starts a program under a guard, with its output appended to `logFile`.
 *
 * @throws Error if the guard's shell itself cannot be started (a program that is missing exits with 127)
 */
export async function startGuarded(options: GuardedOptions): Promise<GuardedProcess> {
  const { name, command, args, logFile, graceSeconds } = options;
  await mkdir(dirname(logFile), { recursive: true });
  const output = openSync(logFile, 'a');
  // versitygw prints its webhook's URL, and a token is part of it.
  fchmodSync(output, 0o600);
  const guard = spawn('/bin/sh', ['-c', GUARD, `guard of ${name}`, String(graceSeconds), command, ...args], {
    detached: true,
    env: options.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdio: ['ignore', output, output, 'pipe', 'pipe'],
  });
  closeSync(output);
  const lifeline = guard.stdio[3] as Writable;
  const pidPipe = guard.stdio[4] as Readable;
  lifeline.on('error', () => undefined); // EPIPE once the guard has ended
  const exited = new Promise<Exit>((resolve) => {
    guard.once('error', () => resolve({ code: 127 }));
    guard.once('exit', (code, signal) => {
      lifeline.destroy();
      // The guard leads the process group: what the program left behind, and the program itself if only the guard was
      // killed, is in it. After an orderly end there is usually nothing.
      signalGroup(guard.pid, signal === null ? 'SIGKILL' : 'SIGTERM');
      if (signal !== null) setTimeout(() => signalGroup(guard.pid, 'SIGKILL'), graceSeconds * 1000).unref();
      resolve({ code: code ?? 128 });
    });
  });
  const [firstOutput] = await Promise.race([once(pidPipe, 'data'), once(pidPipe, 'close')]);
  pidPipe.destroy();
  if (guard.pid === undefined) throw new Error(`${name}: /bin/sh could not be started`);
  return {
    name,
    pid: firstOutput === undefined ? guard.pid : Number(String(firstOutput).trim()),
    logFile,
    exited,
    async stop() {
      lifeline.destroy();
      await exited;
    },
  };
}

function signalGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, signal);
  } catch {
    // Nobody is left in the group.
  }
}

/** The last lines of a log, for an error that should say what happened. Empty if there is no such file. */
export async function logTail(logFile: string, lines = 15): Promise<string> {
  try {
    const file = await open(logFile);
    try {
      const { size } = await file.stat();
      const length = Math.min(size, 16_384);
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
      return buffer.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
    } finally {
      await file.close();
    }
  } catch {
    return '';
  }
}
