import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { S3Service } from '../../infra/dev/services.js';
import { serviceEnvironment } from '../../infra/dev/stack.js';
import { repositoryRoot } from './shared.js';

export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the real `mammoflow` on a bucket. Temporal is at an address where nothing answers unless given. */
export function startCommand(
  s3: S3Service,
  args: readonly string[],
  options: { readonly temporal?: string; readonly cwd?: string } = {},
): ChildProcess {
  return spawn(process.execPath, [join(repositoryRoot, 'bin', 'mammoflow.mjs'), ...args], {
    cwd: options.cwd ?? repositoryRoot,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      ...serviceEnvironment({ s3, temporal: { address: options.temporal ?? '127.0.0.1:9', namespace: 'default' } }),
      MAMMOFLOW_AUTHOR: 'tester',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs the real `mammoflow` to its end. */
export function mammoflow(s3: S3Service, ...args: string[]): Promise<CommandResult> {
  const child = startCommand(s3, args);
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      out[name] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, ...out }));
  });
}
