import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { cached, cacheFolder, execute, findOnPath, logToStderr } from '../../../infra/dev/tool-cache.js';
import { repositoryRoot } from '../shared.js';

/** Not compiled, hence in the source tree. */
const sources = join(repositoryRoot, 'tests', 'support', 'dicom');

const python = (): string => findOnPath('python3') ?? 'python';

/** The folder of pydicom, pylibjpeg, pyjpegls and highdicom in the user's cache, made with pip where it is not there yet. */
export async function dicomPackages(): Promise<string> {
  const requirements = join(sources, 'requirements.txt');
  const digest = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12);
  return cached(join(cacheFolder(), `dicom-${digest}`), logToStderr, async (folder) => {
    logToStderr('fetching pydicom, highdicom, pylibjpeg and pyjpegls, which tests compare with (about 70 MB, once)');
    const made = join(folder, 'packages');
    const options = ['--quiet', '--disable-pip-version-check', '--target', made, '--requirement', requirements];
    await execute(python(), ['-m', 'pip', 'install', ...options], { maxBuffer: 2 ** 24 });
    return made;
  });
}

/** Runs a script of this folder with these packages. */
export async function runDicomScript(script: string, ...args: readonly string[]): Promise<string> {
  const PYTHONPATH = await dicomPackages();
  const { stdout } = await execute(python(), [join(sources, script), ...args], {
    env: { ...process.env, PYTHONPATH },
    maxBuffer: 2 ** 26,
  });
  return stdout;
}

/** Run before the tests, so that no test waits for a download. */
if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) await dicomPackages();
