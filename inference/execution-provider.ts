import { listSupportedBackends } from 'onnxruntime-node';
import { MammoflowError } from '../pipeline/errors.js';

/** Which runtime backends to try, in order. The first one is the one that results are attributed to. */
export interface ExecutionProviders {
  readonly names: readonly [string, ...string[]];
  /** False where the first backend is a graphics card's, which wants one lane and large batches. */
  readonly onCpu: boolean;
}

/**
 * Reads `MAMMOFLOW_EXECUTION_PROVIDERS`, a comma-separated list such as `cuda` or `webgpu,cpu`; `cpu` unless set.
 * Whether a known backend really works on this machine shows only when a session is opened.
 * @throws MammoflowError `invalid-configuration` for a name that this build of onnxruntime does not know.
 */
export function executionProvidersFrom(env: NodeJS.ProcessEnv): ExecutionProviders {
  const [first = 'cpu', ...rest] = (env.MAMMOFLOW_EXECUTION_PROVIDERS ?? 'cpu')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  const known = listSupportedBackends().map((backend) => backend.name);
  const unknown = [first, ...rest].find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new MammoflowError(
      'invalid-configuration',
      `onnxruntime on this platform has no execution provider called "${unknown}".`,
      `Set MAMMOFLOW_EXECUTION_PROVIDERS to one or more of ${known.join(', ')}.`,
    );
  }
  return { names: [first, ...rest], onCpu: first === 'cpu' };
}
