import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { inboxScheduleId, takeInWorkflowId } from '../../pipeline/take-in.js';
import { type Receiver, type ReceiverSettings, startReceiver } from '../../triggers/receiver.js';
import { testServices } from './services.js';
import { repositoryRoot } from './shared.js';

export const TOKEN = 'a-token-for-tests-0123456789';

/** A branch that no other suite takes an inbox into. */
export const freshBranch = (): string => `events-${randomBytes(5).toString('hex')}`;

/** What Temporal itself says of the hints for a branch. */
export interface HintsAtTemporal {
  /** How many times the take-in workflow of the branch was signalled. */
  count(): Promise<number>;
  close(): Promise<void>;
}

export async function hintsAtTemporal(branch: string): Promise<HintsAtTemporal> {
  const { temporal } = await testServices();
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection, namespace: temporal.namespace });
  const handle = client.workflow.getHandle(takeInWorkflowId(branch));
  return {
    async count() {
      try {
        const { events } = await handle.fetchHistory();
        return (events ?? []).filter((event) => event.workflowExecutionSignaledEventAttributes != null).length;
      } catch (error) {
        // gRPC's NOT_FOUND: nobody has started it yet.
        if ((error as { code?: number }).code === 5) return 0;
        throw error;
      }
    },
    async close() {
      const schedule = client.schedule.getHandle(inboxScheduleId(branch));
      await schedule.delete().catch(() => undefined);
      await handle.terminate('the suite is over').catch(() => undefined);
      await connection.close();
    },
  };
}

/** A receiver in this process, for the bucket `scans`, with what it logged. */
export async function openReceiver(
  settings: Pick<ReceiverSettings, 'branch'> & Partial<ReceiverSettings>,
): Promise<Receiver & { readonly logged: { readonly msg: string }[] }> {
  const { temporal } = await testServices();
  const logged: { msg: string }[] = [];
  const log = pino({}, { write: (line: string) => logged.push(JSON.parse(line)) });
  const receiver = await startReceiver({
    bucket: 'scans',
    temporal: { connection: { address: temporal.address }, namespace: temporal.namespace },
    hintIntervalMs: 20,
    log,
    ...settings,
  });
  return { ...receiver, logged };
}

/** `mammoflow receive` in a process of its own. */
export interface ReceiverProcess {
  /** What it printed when it had started. */
  readonly started: { readonly branch: string; readonly webhook?: string; readonly metrics?: string };
  /** SIGTERM: an orderly end. @returns the exit code. */
  end(): Promise<number | null>;
  /** SIGKILL: no warning, no goodbye. */
  kill(): Promise<void>;
  log(): string;
}

export async function startReceiverProcess(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<ReceiverProcess> {
  const child: ChildProcess = spawn(
    process.execPath,
    [join(repositoryRoot, 'bin', 'mammoflow.mjs'), 'receive', '--json', ...args],
    {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, MAMMOFLOW_WEBHOOK_TOKEN: TOKEN, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let log = '';
  child.stderr?.on('data', (chunk) => {
    log += chunk;
  });
  const exited = once(child, 'exit');
  let printed = '';
  const started = new Promise<ReceiverProcess['started']>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      printed += line;
      if (line === '}') resolve(JSON.parse(printed));
    });
    void exited.then(() => reject(new Error(`the receiver ended: ${log}`)));
  });
  const signalled = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    await exited;
    return child.exitCode;
  };
  return {
    started: await started,
    end: () => signalled('SIGTERM'),
    async kill() {
      await signalled('SIGKILL');
    },
    log: () => log,
  };
}

/** One number out of the text that Prometheus reads; 0 where it has not been counted. */
export async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(url)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  return Number(line?.split(' ')[1] ?? 0);
}
