import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '../support/shared.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

describe('the start from a fresh clone', () => {
  it('installs the compiler whatever NODE_ENV says, also where an earlier start left it out', () =>
    withTemporaryFolder(async (clone) => {
      for (const file of [
        'package.json',
        'package-lock.json',
        'tsconfig.json',
        'infra/dev/bootstrap.mjs',
        'infra/dev/build.mjs',
      ]) {
        await cp(join(repositoryRoot, file), join(clone, file), { recursive: true });
      }
      // npm as it was left by `NODE_ENV=production`: everything newer than the lock file, and no compiler.
      await mkdir(join(clone, 'node_modules'));
      await writeFile(join(clone, 'node_modules', '.package-lock.json'), '{}');
      await utimes(join(clone, 'package-lock.json'), new Date(0), new Date(0));
      const programs = join(clone, 'programs');
      await mkdir(programs);
      await writeFile(join(programs, 'npm'), `#!/bin/sh\necho "$@" >"${clone}/asked"\nexit 1\n`);
      await chmod(join(programs, 'npm'), 0o755);
      const env = { PATH: `${programs}:${process.env.PATH}`, NODE_ENV: 'production' };
      const { stderr } = spawnSync(process.execPath, ['infra/dev/bootstrap.mjs'], {
        cwd: clone,
        env,
        encoding: 'utf8',
      });
      assert.equal(await readFile(join(clone, 'asked'), 'utf8'), 'ci --include=dev\n', stderr);
    }));
});
