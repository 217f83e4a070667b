import { spawn } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { argv } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import '../quiet-aws-sdk.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { requireReadablePath } from '../package-root.js';
import { fetchTools } from './fetch.js';
import { logTail } from './guarded-process.js';
import { lockHolder } from './lock.js';
import { isRunning } from './process-identity.js';
import { programEnvironment } from './program-environment.js';
import { servicesLock } from './services.js';
import { startStack, workerProcesses } from './stack.js';
import { readRunningState, type StackState } from './state.js';
import { type Log, logToStderr } from './tool-cache.js';
import { WORKER_ROLES, type WorkerRole } from './worker-roles.js';

/** Longer than services (60 s a try, three tries) and workers (180 s) get to become ready. */
const READY_WITHIN_MS = 420_000;
/** Longer than the workers and then the services get to end (30 s and 10 s in `stack.ts` and `services.ts`). */
const STOP_WITHIN_MS = 60_000;

/**
 * Starts the stack of a data folder in the background, or finds the one that runs, and waits until it is ready.
 *
 * @returns its state, and whether it ran already
 * @throws MammoflowError `service-unavailable` with the end of the supervisor's log if it does not come up
 */
export async function startSupervisor(options: {
  dataFolder: string;
  roles?: readonly WorkerRole[];
  log?: Log;
}): Promise<{ state: StackState; alreadyRunning: boolean }> {
  const { roles = WORKER_ROLES, log = logToStderr } = options;
  const dataFolder = resolve(options.dataFolder);
  requireReadablePath();
  const running = await readRunningState(dataFolder);
  if (running !== undefined) return { state: await untilReady(dataFolder, () => false), alreadyRunning: true };
  // Here, and not in the background, so that a first download shows its progress.
  await fetchTools(log);
  const logFile = join(dataFolder, 'logs', 'supervisor.log');
  await mkdir(join(dataFolder, 'logs'), { recursive: true });
  const output = openSync(logFile, 'a');
  const program = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, ['--enable-source-maps', program, dataFolder, roles.join(',')], {
    detached: true,
    env: programEnvironment(dataFolder, {}),
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  let ended = false;
  child.once('exit', () => {
    ended = true;
  });
  child.once('error', () => {
    ended = true;
  });
  const state = await untilReady(dataFolder, () => ended);
  child.unref();
  return { state, alreadyRunning: state.pid !== child.pid };
}

/** Waits for a ready stack on the folder, whoever started it. */
async function untilReady(dataFolder: string, ended: () => boolean): Promise<StackState> {
  let seen = false;
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const over = ended();
    const state = await readRunningState(dataFolder);
    if (state?.phase === 'ready') return state;
    // Two `up` at once: one supervisor has ended because the other one holds the folder, and may not have written yet.
    const nobody = state === undefined && (await lockHolder(servicesLock(dataFolder))) === undefined;
    if ((nobody && (over || seen)) || Date.now() > deadline) {
      const logFile = join(dataFolder, 'logs', 'supervisor.log');
      throw new MammoflowError(
        'service-unavailable',
        `The services did not start. The end of the log:\n${await logTail(logFile)}\n`,
        `Look into ${join(dataFolder, 'logs')}.`,
      );
    }
    seen ||= state !== undefined;
    await sleep(100);
  }
}

/**
 * Stops the stack of a data folder, in the background or in the foreground, and waits until it has ended.
 *
 * @returns false if none runs
 */
export async function stopSupervisor(dataFolder: string): Promise<boolean> {
  const state = await readRunningState(resolve(dataFolder));
  if (state === undefined) return false;
  const deadline = Date.now() + STOP_WITHIN_MS;
  let signal: NodeJS.Signals | 0 = 'SIGTERM';
  while (isRunning(state)) {
    try {
      process.kill(state.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    await sleep(50);
    // Its guards end the servers and workers when it is gone.
    signal = Date.now() > deadline ? 'SIGKILL' : 0;
  }
  return true;
}

/** The program in the background: `supervisor.js <dataFolder> <role,…>`. */
async function main([dataFolder = '', roles = '']: readonly string[]): Promise<void> {
  const log: Log = (line) => {
    try {
      writeSync(2, `${new Date().toISOString()} ${line}\n`);
    } catch {
      // The log's disk is full, which must not end the services.
    }
  };
  const wanted = WORKER_ROLES.filter((role) => roles.split(',').includes(role));
  log(`supervisor ${process.pid} starts`);
  const asked = new Promise<string>((tell) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => tell(signal));
  });
  const starting = startStack({ dataFolder, workers: workerProcesses(wanted), console: true, log });
  const stack = await Promise.race([starting, asked.then(() => undefined)]);
  // Asked to stop while it starts: the guards end what was started.
  if (stack === undefined) process.exit(0);
  log('ready');
  log(`${await asked}: stopping`);
  await stack.stop();
  log('stopped');
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  try {
    await main(argv.slice(2));
  } catch (error) {
    console.error(`error: ${error instanceof MammoflowError ? error.sentence : (error as Error).stack}`);
    process.exitCode = 1;
  }
}
