import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stages } from '../../activities/stages/index.js';
import { put } from '../../api/changing/put.js';
import type { Session } from '../../api/session.js';
import type { S3Service } from '../../infra/dev/services.js';
import { VIEWS, viewFile } from '../../pipeline/exam.js';
import { inboxSettingsSchema } from '../../pipeline/inbox-settings.js';
import type { Repository } from '../../repos/repository.js';
import { makePng } from '../imaging/png-fixtures.js';
import { mammoflow } from './command.js';
import { repositoryRoot } from './shared.js';
import { withTemporaryFolder } from './temporary-folder.js';

export const COMMIT_ONLY = { branch: 'main', process: false } as const;
const PLACEHOLDER = join(repositoryRoot, 'models', 'placeholder', 'bundle');

/** A session whose Temporal must not be asked, or answers with an error. */
export const offlineSession = (repository: Repository, error = new Error('no job should be started')): Session => ({
  repository,
  client: () => Promise.reject(error),
  author: 'tester',
  now: () => new Date(),
  stages: async () => stages,
  inbox: inboxSettingsSchema.parse({}),
});

/** Puts the placeholder bundle and tiny exams, without processing them. */
export async function putTinyExams(repository: Repository, exams: readonly string[]): Promise<void> {
  const session = offlineSession(repository);
  await put(session, { repo: 'models', paths: [PLACEHOLDER], ...COMMIT_ONLY });
  await withTemporaryFolder(async (folder) => {
    for (const name of exams) {
      await mkdir(join(folder, name));
      for (const view of VIEWS) await writeFile(join(folder, name, viewFile(view)), makePng({ rows: 8, columns: 6 }));
    }
    await put(session, { repo: 'exams', paths: [folder], ...COMMIT_ONLY });
  });
}

/** Runs a verb of the real command with `--json`, which must succeed. */
export async function jsonOf<T>(s3: S3Service, ...args: string[]): Promise<T> {
  const { exitCode, stdout, stderr } = await mammoflow(s3, ...args, '--json');
  assert.equal(exitCode, 0, stderr);
  return JSON.parse(stdout) as T;
}

/** Runs a verb of the real command for people, which must succeed. */
export async function textOf(s3: S3Service, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await mammoflow(s3, ...args);
  assert.equal(exitCode, 0, stderr);
  return stdout;
}

/** Runs a verb of the real command, which must end with exit code 1 and one line that says why. */
export async function failureOf(s3: S3Service, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await mammoflow(s3, ...args);
  assert.equal(exitCode, 1, `${args.join(' ')}: ${stdout}${stderr}`);
  assert.equal(stdout, '');
  assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  return stderr.trimEnd();
}
