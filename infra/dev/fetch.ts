import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { MammoflowError } from '../../pipeline/errors.js';
import { temporalBinary } from './temporal-binary.js';
import { type Log, logToStderr } from './tool-cache.js';
import { versitygwBinary } from './versitygw-binary.js';

/** Paths of the two servers that the embedded services run. */
export interface Tools {
  readonly temporal: string;
  readonly versitygw: string;
}

/**
 * Finds both servers, and obtains those that are missing, side by side.
 *
 * @throws MammoflowError with what to install instead
 */
export async function fetchTools(log: Log = logToStderr): Promise<Tools> {
  const [temporal, versitygw] = await Promise.all([temporalBinary(log), versitygwBinary(log)]);
  return { temporal, versitygw };
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  try {
    await fetchTools();
  } catch (error) {
    console.error(`error: ${error instanceof MammoflowError ? error.sentence : (error as Error).stack}`);
    process.exitCode = 1;
  }
}
