import { randomBytes } from 'node:crypto';
import { chmod, rename, writeFile } from 'node:fs/promises';

/** Writes a file so that a reader sees the old one or the whole new one. */
export async function writeWhole(path: string, text: string, mode = 0o644): Promise<void> {
  const beside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(beside, text, { mode });
  await chmod(beside, mode);
  await rename(beside, path);
}
