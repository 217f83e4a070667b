import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import pLimit from 'p-limit';
import type { StageRun } from '../activities/dependencies.js';
import type { StageProgress, StageResult } from '../activities/stage.js';
import { deserialiseError } from '../inference/error-transfer.js';
import type { ModelRole } from '../pipeline/bundle.js';
import type { Json } from '../pipeline/canonical-json.js';
import { MammoflowError } from '../pipeline/errors.js';
import type { MessageFromInferenceProcess, MessageToInferenceProcess } from './inference-messages.js';

export interface InferenceClient {
  /**
   * Runs a stage in the inference process; further calls wait for their turn.
   * @throws what the stage throws; MammoflowError `worker-crashed` when the process died of what it ran, `worker-killed`
   *   when somebody else ended it (both worth a retry); the signal's reason when it was aborted.
   */
  runStage(request: StageRun, options: RunStageOptions): Promise<StageResultWithProvenance>;
  /** Resident memory of the inference process as it last reported it, in bytes; 0 while there is none. */
  memory(): number;
  /** The process's id while there is one, for logs and tests. */
  processId(): number | undefined;
  /** Ends the process. A run under way rejects with `worker-killed`. */
  close(): Promise<void>;
}
export interface RunStageOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: StageProgress) => void;
}
export type StageResultWithProvenance = StageResult & { readonly provenance: Readonly<Record<string, Json>> };

/** The part of a pino logger that is used. */
export interface InferenceLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

const ENTRY = fileURLToPath(new URL('./inference-process.js', import.meta.url));
/** How long a process that was asked to end may take before it is killed. */
const CLOSE_MILLISECONDS = 5000;

interface Child {
  readonly process: ChildProcess;
  readonly exited: Promise<unknown>;
  /** The digest that each role was last run with. */
  readonly digests: Map<ModelRole, string>;
  memory: number;
}

/**
 * Signals that only others send: the kernel when the machine's memory is used up, whoever runs the machine, a disk that is
 * full under a mapped file. What a process does wrong itself ends it by another one, or with an exit code.
 */
const SIGNALS_FROM_OUTSIDE: ReadonlySet<string> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGBUS']);

function diedOf(code: number | null, signal: NodeJS.Signals | null): MammoflowError {
  const how = `ended ${signal === null ? `with exit code ${code}` : `by ${signal}`} while it ran this exam`;
  return signal !== null && SIGNALS_FROM_OUTSIDE.has(signal)
    ? new MammoflowError(
        'worker-killed',
        `The stage's process was ${how}.`,
        'It is tried again for as long as it takes. Where the machine has too little memory, give it more or start fewer workers on it.',
      )
    : new MammoflowError(
        'worker-crashed',
        `The stage's process ${how}.`,
        'It is tried again in a new process; if that keeps happening, look into the log of the worker.',
      );
}

/**
 * The gpu worker's side of the inference process. The process is started with the first run, again after it died,
 * and anew when a role's model changes: released sessions leak, so a process never holds two models of a role.
 */
export function createInferenceClient(settings: { env?: NodeJS.ProcessEnv; log: InferenceLog }): InferenceClient {
  const { env = process.env, log } = settings;
  const oneAtATime = pLimit(1);
  let child: Child | undefined;
  let nextId = 0;
  let closed = false;

  const start = (): Child => {
    // The parent's own flags (an inspector's port, a test runner's loader) are not the child's.
    const forked = fork(ENTRY, [], { env, serialization: 'advanced', execArgv: [] });
    const exited = once(forked, 'exit').catch(() => undefined);
    const started: Child = { process: forked, exited, digests: new Map(), memory: 0 };
    forked.on('message', (message: MessageFromInferenceProcess) => {
      if (message.kind === 'memory') started.memory = message.bytes;
    });
    forked.on('error', (error) => log.warn({ error }, 'inference process error'));
    forked.on('exit', (code, signal) => {
      if (child === started) child = undefined;
      log.info({ inferencePid: forked.pid, code, signal }, 'inference process ended');
    });
    log.info({ inferencePid: forked.pid }, 'inference process started');
    return started;
  };

  const stop = async (stopping: Child): Promise<void> => {
    if (child === stopping) child = undefined;
    if (stopping.process.exitCode !== null || stopping.process.signalCode !== null) return;
    if (stopping.process.connected) stopping.process.send({ kind: 'close' } satisfies MessageToInferenceProcess);
    const timer = setTimeout(() => stopping.process.kill('SIGKILL'), CLOSE_MILLISECONDS);
    await stopping.exited;
    clearTimeout(timer);
  };

  /** A process that holds no other model of any role that the request uses. */
  const childFor = async (request: StageRun): Promise<Child> => {
    const models = Object.entries(request.inputs.models) as [ModelRole, { sha256: string }][];
    if (child !== undefined) {
      const { digests } = child;
      if (models.some(([role, { sha256 }]) => (digests.get(role) ?? sha256) !== sha256)) await stop(child);
    }
    child ??= start();
    for (const [role, { sha256 }] of models) child.digests.set(role, sha256);
    return child;
  };

  const runIn = (running: Child, request: StageRun, options: RunStageOptions): Promise<StageResultWithProvenance> =>
    new Promise((resolve, reject) => {
      nextId += 1;
      const id = nextId;
      const send = (message: MessageToInferenceProcess): void => {
        // A failed send means that the process is gone, which the exit event reports.
        if (running.process.connected) running.process.send(message, () => {});
      };
      const onAbort = (): void => send({ kind: 'abort', id });
      const finish = (settle: () => void): void => {
        running.process.off('message', onMessage);
        running.process.off('exit', onExit);
        options.signal.removeEventListener('abort', onAbort);
        settle();
      };
      const onExit = (code: number | null, signal: NodeJS.Signals | null): void =>
        finish(() => reject(diedOf(code, signal)));
      const onMessage = (message: MessageFromInferenceProcess): void => {
        if (message.kind === 'memory' || message.id !== id) return;
        if (message.kind === 'progress') options.onProgress(message.progress);
        else if (message.kind === 'result') {
          const { result } = message;
          finish(() => resolve({ ...result, provenance: result.provenance ?? {} }));
        } else {
          const error = options.signal.aborted ? options.signal.reason : deserialiseError(message.error);
          finish(() => reject(error));
        }
      };
      running.process.on('message', onMessage);
      running.process.on('exit', onExit);
      options.signal.addEventListener('abort', onAbort);
      if (running.process.exitCode !== null || running.process.signalCode !== null) {
        onExit(running.process.exitCode, running.process.signalCode);
      } else {
        send({ kind: 'run', id, request });
      }
    });

  return {
    runStage: (request, options) =>
      oneAtATime(async () => {
        options.signal.throwIfAborted();
        if (closed) throw new MammoflowError('worker-killed', 'The inference process has been stopped.');
        return runIn(await childFor(request), request, options);
      }),
    memory: () => child?.memory ?? 0,
    processId: () => child?.process.pid,
    close: async () => {
      closed = true;
      if (child !== undefined) await stop(child);
    },
  };
}
