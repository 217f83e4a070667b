import { execFile } from 'node:child_process';
import { MammoflowError } from '../../pipeline/errors.js';

/** A node of a DICOM network. */
export interface AssociationDestination {
  readonly host: string;
  readonly port: number;
  /** Its AE title, and ours. */
  readonly calledTitle: string;
  readonly callingTitle: string;
}

/** Seconds to connect, and to wait for an answer. */
const CONNECT_SECONDS = 30;
const ANSWER_SECONDS = 120;

/**
 * Runs one of DCMTK's programs that open an association, and returns what it says, whatever its exit code.
 * @throws MammoflowError `invalid-configuration` where it is not installed
 */
export function runDcmtk(
  program: 'storescu' | 'echoscu',
  options: readonly string[],
  { host, port, calledTitle, callingTitle }: AssociationDestination,
  files: readonly string[] = [],
  signal?: AbortSignal,
): Promise<{ readonly failed: boolean; readonly output: string }> {
  const times = ['--timeout', String(CONNECT_SECONDS), '--dimse-timeout', String(ANSWER_SECONDS)];
  const titles = ['--call', calledTitle, '--aetitle', callingTitle];
  const words = ['--debug', ...options, ...times, ...titles, host, String(port), ...files];
  return new Promise((resolve, reject) => {
    execFile(program, words, { maxBuffer: 2 ** 26, ...(signal && { signal }) }, (error, stdout, stderr) => {
      if (error !== null && error.code === 'ENOENT') {
        const next = 'Install DCMTK (on Debian: apt-get install dcmtk).';
        const what = `An association with ${nodeName({ host, port, calledTitle, callingTitle })} needs ${program}, which is not there.`;
        reject(new MammoflowError('invalid-configuration', what, next));
      } else if (signal?.aborted) reject(signal.reason);
      else resolve({ failed: error !== null, output: stdout + stderr });
    });
  });
}

export const nodeName = ({ calledTitle, host, port }: AssociationDestination): string =>
  `${calledTitle} at ${host}:${port}`;

/** What became of an association that did not come to an answer, as an error. */
export function associationError(output: string, destination: AssociationDestination, what: string): MammoflowError {
  const node = nodeName(destination);
  if (/Reason: (Called|Calling) AE Title Not Recognized/i.test(output)) {
    const title = /Reason: Called/i.test(output) ? destination.calledTitle : destination.callingTitle;
    const next = 'Look at the AE titles of this destination, on both sides.';
    return new MammoflowError('invalid-configuration', `${node} does not know the AE title ${title}.`, next);
  }
  const sentence = `${node} ${what} (${lastLine(output)}).`;
  return new MammoflowError('service-unavailable', sentence, 'Look whether it is up.');
}

const lastLine = (output: string): string =>
  output
    .split('\n')
    .filter((line) => /^[EF]:/.test(line))
    .at(-1)
    ?.slice(2)
    .trim() ?? 'no answer';
