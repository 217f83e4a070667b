import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type DicomObject, readWhole } from '../data-set/read-object.js';
import { invalidObject, unsupportedObject } from '../refusal.js';

const execute = promisify(execFile);
const LONGEST_MS = 120_000;

/**
 * Decompresses a file with DCMTK's `dcmdjpeg`. JPEG with 12 bits of a lossy process is read exactly by nothing that was
 * found for Node.
 *
 * @throws ExamError `unsupported-dicom` where it is not installed; `invalid-dicom` where it fails, or warns of the stream.
 */
export async function decompressWithDcmtk(bytes: Buffer, what: string): Promise<DicomObject> {
  const folder = await mkdtemp(join(tmpdir(), 'mammoflow-dicom-'));
  const [from, to] = [join(folder, 'compressed.dcm'), join(folder, 'plain.dcm')];
  try {
    await writeFile(from, bytes);
    const { stderr } = await execute('dcmdjpeg', ['--log-level', 'warn', from, to], { timeout: LONGEST_MS });
    // libjpeg fills what is missing with grey, and says so only here.
    if (stderr.trim() !== '') throw new Error(stderr.trim());
    return await readWhole(to, what);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      throw unsupportedObject(
        what,
        'is in JPEG Extended with 12 bits, for which DCMTK is needed',
        'Install DCMTK (its command dcmdjpeg) beside the workers, or have the object sent uncompressed.',
        cause,
      );
    }
    throw invalidObject(what, 'is damaged: its JPEG pixels cannot be decoded', undefined, cause);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
