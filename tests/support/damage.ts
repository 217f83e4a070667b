import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { testDataFolder } from './services.js';

/** Where the S3 server keeps the newest version of an object of the shared test services. */
const fileOf = async (bucket: string, key: string): Promise<string> => join(await testDataFolder(), 's3', bucket, key);

/** Flips one bit in the middle of the newest version of an object on the server's disk; its checksum stays what it was. */
export async function flipByte(bucket: string, key: string): Promise<void> {
  const path = await fileOf(bucket, key);
  const bytes = await readFile(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  // In place: the server's metadata lies in attributes of the file.
  await writeFile(path, bytes, { flag: 'r+' });
}

/** Cuts the newest version of an object off in the middle. */
export async function cutOff(bucket: string, key: string): Promise<void> {
  const path = await fileOf(bucket, key);
  const bytes = await readFile(path);
  await writeFile(path, bytes.subarray(0, Math.floor(bytes.length / 2)));
}

/** Replaces the bytes of the newest version of an object. */
export async function overwriteOnDisk(bucket: string, key: string, change: (text: string) => string): Promise<void> {
  const path = await fileOf(bucket, key);
  await writeFile(path, change(await readFile(path, 'utf8')));
}
