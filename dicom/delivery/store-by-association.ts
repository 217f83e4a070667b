import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MammoflowError } from '../../pipeline/errors.js';
import type { WrittenObject } from '../objects/write-objects.js';
import { type Answer, reasonInWords } from './answer.js';

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
 * Stores one object by C-STORE (PS3.4 annex B) with DCMTK's `storescu`, and reads the status that the node answers. The
 * object is written to a file of its own, which is removed afterwards.
 *
 * @throws MammoflowError `service-unavailable` where trying again may help (no connection, an association that breaks, a node
 *   that is out of resources), `invalid-configuration` where DCMTK is missing or the node does not know one of the titles
 */
export async function storeByAssociation(
  { bytes, sopInstanceUid, sopClassUid }: WrittenObject,
  destination: AssociationDestination,
  signal?: AbortSignal,
): Promise<Answer> {
  const folder = await mkdtemp(join(tmpdir(), 'mammoflow-store-'));
  try {
    const file = join(folder, 'object.dcm');
    await writeFile(file, bytes);
    const output = await runStorescu(file, destination, signal);
    const status = /Received Store Response\s*\(([^)]*)\)|DIMSE Status\s*:\s*(0x[0-9a-fA-F]{4})/g;
    const codes = [...output.matchAll(status)].flatMap(([, , code]) => (code === undefined ? [] : [Number(code)]));
    const code = codes.at(-1);
    const node = `${destination.calledTitle} at ${destination.host}:${destination.port}`;
    if (code !== undefined) return answerOf(sopInstanceUid, code, node);
    if (/No Acceptable Presentation Contexts|No presentation context for/i.test(output)) {
      return { sopInstanceUid, outcome: 'refused', reason: `${node} does not take the SOP class ${sopClassUid}` };
    }
    if (/Reason: (Called|Calling) AE Title Not Recognized/i.test(output)) {
      throw new MammoflowError(
        'invalid-configuration',
        `${node} does not know the AE title ${/Reason: Called/i.test(output) ? destination.calledTitle : destination.callingTitle}.`,
        'Look at the AE titles of this destination, on both sides.',
      );
    }
    throw new MammoflowError(
      'service-unavailable',
      `${node} did not store the object (${lastLine(output)}).`,
      'Look whether it is up.',
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** PS3.7 annex C: 0 is success, 0xBnnn a warning of an object that is stored, 0xA7nn a lack that may pass. */
function answerOf(sopInstanceUid: string, code: number, node: string): Answer {
  if (code === 0) return { sopInstanceUid, outcome: 'stored' };
  if ((code & 0xf000) === 0xb000) return { sopInstanceUid, outcome: 'stored', reason: reasonInWords(code) };
  if ((code & 0xff00) === 0xa700) {
    throw new MammoflowError(
      'service-unavailable',
      `${node} has no room (${reasonInWords(code)}).`,
      'Try again later.',
    );
  }
  return { sopInstanceUid, outcome: 'refused', reason: reasonInWords(code) };
}

function runStorescu(file: string, destination: AssociationDestination, signal?: AbortSignal): Promise<string> {
  const { host, port, calledTitle, callingTitle } = destination;
  const options = [
    '--debug',
    '--required',
    '--timeout',
    String(CONNECT_SECONDS),
    '--dimse-timeout',
    String(ANSWER_SECONDS),
  ];
  const titles = ['--call', calledTitle, '--aetitle', callingTitle];
  return new Promise((resolve, reject) => {
    const limits = { maxBuffer: 2 ** 26, ...(signal && { signal }) };
    execFile('storescu', [...options, ...titles, host, String(port), file], limits, (error, stdout, stderr) => {
      if (error !== null && error.code === 'ENOENT') {
        const next = 'Install DCMTK (on Debian: apt-get install dcmtk).';
        reject(
          new MammoflowError('invalid-configuration', 'Sending by C-STORE needs storescu, which is not there.', next),
        );
      } else if (signal?.aborted) {
        reject(signal.reason);
      } else {
        resolve(stdout + stderr);
      }
    });
  });
}

const lastLine = (output: string): string =>
  output
    .split('\n')
    .filter((line) => /^[EF]:/.test(line))
    .at(-1)
    ?.slice(2)
    .trim() ?? 'no answer';
