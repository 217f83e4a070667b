import { open, readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { beginsAsDicom } from '../../dicom/data-set/read-object.js';
import { fileKind } from '../../imaging/file-kind.js';
import { committedName, leftoverReason } from '../../pipeline/view-names.js';
import { unpackZip } from './unpack-zip.js';

export interface DicomFiles {
  /** Files that begin as DICOM files do. */
  readonly objects: readonly string[];
  /** Of the paths given, those that may hold something else. */
  readonly others: readonly string[];
}

const HEAD_BYTES = 132;
/** Media hold series in folders of folders, some six deep. */
const DEEPEST = 16;

/**
 * Looks for DICOM files in files, folders of any depth and ZIP archives. What a file is called says nothing: it is opened.
 * Only those that are named as a view of a folder of pictures are not.
 *
 * @param unpacked an absent folder for what lies in archives.
 * @throws MammoflowError `invalid-argument` for an archive that cannot be unpacked.
 */
export async function findDicomFiles(paths: readonly string[], unpacked: string): Promise<DicomFiles> {
  const objects = new Set<string>();
  const others: string[] = [];
  let archives = 0;
  for (const path of new Set(paths.map((given) => resolve(given)))) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile()) {
      const head = await headOf(path);
      if (beginsAsDicom(head)) {
        objects.add(path);
        continue;
      }
      if (fileKind(head)?.what === 'a ZIP archive') {
        archives += 1;
        const folder = join(unpacked, String(archives));
        await unpackZip(path, folder);
        if (await collect(folder, objects, 0)) others.push(folder);
        continue;
      }
      others.push(path);
    } else if (found?.isDirectory()) {
      if (await collect(path, objects, 0)) others.push(path);
    } else others.push(path);
  }
  return { objects: [...objects], others: objects.size === 0 && archives === 0 ? [...new Set(paths)] : others };
}

/** @returns whether something lies there that may be a folder of pictures. */
async function collect(folder: string, objects: Set<string>, depth: number): Promise<boolean> {
  let hasOthers = false;
  // A folder that cannot be read is told of by whoever looks for pictures.
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return true;
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (depth < DEEPEST && (await collect(path, objects, depth + 1))) hasOthers = true;
    } else if (committedName(entry.name) !== undefined) hasOthers = true;
    else if (leftoverReason(entry.name) === undefined && entry.isFile() && beginsAsDicom(await headOf(path))) {
      objects.add(path);
    }
  }
  return hasOthers;
}

async function headOf(path: string): Promise<Buffer> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return Buffer.alloc(0);
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await file.read(head, 0, HEAD_BYTES, 0);
    return head.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
