import { fork } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MammoflowError } from '../pipeline/errors.js';
import { deserialiseError, type TransferredError } from './error-transfer.js';
import type { FloatTensor } from './inference-pool.js';
import type { NetworkInterface } from './network-interface.js';

export interface InspectRequest {
  readonly path: string;
  /** The shapes of made-up inputs for one trial run, where one is wanted. They are made where the network is run. */
  readonly trial?: Readonly<Record<string, readonly number[]>>;
}
export type InspectReply =
  | { readonly network: NetworkInterface; readonly trial?: Record<string, FloatTensor> }
  | { readonly error: TransferredError };
export type InspectedNetwork = Exclude<InspectReply, { error: unknown }>;

const ENTRY = fileURLToPath(new URL('./inspect-process.js', import.meta.url));
/** Opening takes under a second and a trial run seconds; a file that keeps the runtime busy for this long is broken. */
const PATIENCE_MILLISECONDS = 120_000;

export interface NetworkInspector {
  /**
   * Opens an ONNX file, and runs it once where trial inputs are given.
   * @throws MammoflowError `invalid-bundle` when the file cannot be loaded, or when it takes the process down.
   */
  inspect(request: InspectRequest): Promise<InspectedNetwork>;
  close(): void;
}

/**
 * Opens ONNX files in a process of their own: a broken or hostile file may crash the runtime or exhaust memory, which
 * must not reach the caller. One file at a time; the process does not survive a crash, the inspector does.
 */
export function createNetworkInspector(): NetworkInspector {
  let child: ReturnType<typeof fork> | undefined;
  return {
    inspect: (request) =>
      new Promise((resolve, reject) => {
        child ??= fork(ENTRY, [], { serialization: 'advanced', execArgv: [] });
        const current = child;
        const refuse = (what: string): void => {
          settle();
          current.kill('SIGKILL');
          child = undefined;
          reject(
            new MammoflowError(
              'invalid-bundle',
              `${basename(request.path)} ${what}.`,
              'Export the network again, and check it with the onnx checker.',
            ),
          );
        };
        const timer = setTimeout(
          () => refuse(`kept the runtime busy for ${PATIENCE_MILLISECONDS / 1000} s`),
          PATIENCE_MILLISECONDS,
        );
        const onExit = (): void => refuse('crashed the runtime that opened it');
        const onMessage = (reply: InspectReply): void => {
          settle();
          if ('error' in reply) reject(deserialiseError(reply.error));
          else resolve(reply);
        };
        const settle = (): void => {
          clearTimeout(timer);
          current.off('exit', onExit).off('error', onExit).off('message', onMessage);
        };
        current.on('exit', onExit).on('error', onExit).on('message', onMessage);
        current.send(request, () => {});
      }),
    close: () => {
      if (child?.connected) child.disconnect();
      child = undefined;
    },
  };
}
