import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../infra/package-root.js';
import type { Role } from '../../workers/worker.js';
import type { TestSystem } from './system.js';

export interface WorkerProcess {
  readonly pid: number;
  /** Pids of the processes it started, such as the inference process. */
  children(): Promise<number[]>;
  /** What whoever runs the machine does: it ends in its own time. Resolves with its exit code. */
  end(): Promise<number | null>;
  /** What an out-of-memory killer does: no warning, no goodbye. */
  kill(): Promise<void>;
  log(): string;
}

/** Starts `mammoflow worker` as a deployment does: a process of its own that can be killed. */
export function startWorkerProcess(system: TestSystem, role: Role, ...options: readonly string[]): WorkerProcess {
  const child: ChildProcess = spawn(
    process.execPath,
    [join(packageRoot, 'bin', 'mammoflow.mjs'), 'worker', '--role', role, ...options],
    {
      env: system.environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let text = '';
  child.stderr?.on('data', (chunk) => {
    text += chunk;
  });
  const pid = child.pid as number;
  return {
    pid,
    async children() {
      // Exit code 1 means that there are none.
      const { stdout } = await promisify(execFile)('pgrep', ['-P', String(pid)]).catch(() => ({ stdout: '' }));
      return stdout.split('\n').filter(Boolean).map(Number);
    },
    async end() {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        child.kill('SIGTERM');
        await exited;
      }
      return child.exitCode;
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
    log: () => text,
  };
}
