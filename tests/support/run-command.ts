import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from './shared.js';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real `mammoflow` to its end in an environment of the test's own: nothing of the test run's gets in. */
export function runInEnvironment(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Ran> {
  const { PATH, HOME } = process.env;
  return new Promise((resolve) => {
    const program = join(repositoryRoot, 'bin', 'mammoflow.mjs');
    execFile(process.execPath, [program, ...args], { env: { PATH, HOME, ...env } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}
