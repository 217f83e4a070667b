import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from './shared.js';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const program = join(repositoryRoot, 'bin', 'mammoflow.mjs');

/** Nothing of the test run's own settings gets in. */
const only = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  ...env,
});

/** Starts the real `mammoflow` in an environment of the test's own. The caller ends it. */
export const startInEnvironment = (env: NodeJS.ProcessEnv, ...args: string[]): ChildProcess =>
  spawn(process.execPath, [program, ...args], { env: only(env), stdio: 'ignore' });

/** Runs the real `mammoflow` to its end in an environment of the test's own. */
export function runInEnvironment(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { env: only(env) }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}
