import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { MammoflowError } from '../../pipeline/errors.js';
import { parseJson } from './parse-json.js';
import { writeWhole } from './write-whole.js';

const credentialsSchema = z.object({ accessKeyId: z.string().min(1), secretAccessKey: z.string().min(1) });
export type S3Credentials = z.infer<typeof credentialsSchema>;

/** The S3 credentials of a data folder, as they were made once. Undefined where there are none yet. */
export async function readCredentials(dataFolder: string): Promise<S3Credentials | undefined> {
  const path = join(dataFolder, 's3-credentials.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const credentials = credentialsSchema.safeParse(parseJson(text));
  if (credentials.success) return credentials.data;
  throw new MammoflowError('corrupt-data', `${path} does not hold S3 credentials.`, 'Remove it to have new ones made.');
}

/** The S3 credentials of a data folder, made where there are none yet. */
export async function credentialsOf(dataFolder: string): Promise<S3Credentials> {
  const known = await readCredentials(dataFolder);
  if (known !== undefined) return known;
  const made = {
    accessKeyId: `mammoflow${randomBytes(6).toString('hex')}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
  };
  await writeWhole(join(dataFolder, 's3-credentials.json'), `${JSON.stringify(made, null, 2)}\n`, 0o600);
  return made;
}
