import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MammoflowError } from '../../pipeline/errors.js';
import type { WrittenObject } from '../objects/write-objects.js';
import { type Answer, reasonInWords } from './answer.js';
import { type AssociationDestination, associationError, nodeName, runDcmtk } from './run-dcmtk.js';

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
    const { output } = await runDcmtk('storescu', ['--required'], destination, [file], signal);
    const status = /Received Store Response\s*\(([^)]*)\)|DIMSE Status\s*:\s*(0x[0-9a-fA-F]{4})/g;
    const codes = [...output.matchAll(status)].flatMap(([, , code]) => (code === undefined ? [] : [Number(code)]));
    const code = codes.at(-1);
    const node = nodeName(destination);
    if (code !== undefined) return answerOf(sopInstanceUid, code, node);
    if (/No Acceptable Presentation Contexts|No presentation context for/i.test(output)) {
      return { sopInstanceUid, outcome: 'refused', reason: `${node} does not take the SOP class ${sopClassUid}` };
    }
    throw associationError(output, destination, 'did not store the object');
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
