import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, chown } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../support/shared.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

/** Of nobody on this machine, as in a container that is started with `--user`. */
const UNKNOWN = 54_321;

describe('a user without an entry in the table of users', () => {
  /** Only root may become somebody else. */
  const canBecome = process.getuid?.() === 0;

  function asUnknown(env: NodeJS.ProcessEnv, ...program: string[]) {
    const options = { uid: UNKNOWN, gid: UNKNOWN, cwd: tmpdir(), encoding: 'utf8' } as const;
    return spawnSync(process.execPath, program, { ...options, env: { PATH: process.env.PATH, ...env } });
  }

  it('has a name that commits can carry', async function () {
    if (!canBecome) return this.skip();
    const program = (root: string) =>
      `import(${JSON.stringify(`${root}dist/infra/user-name.js`)}).then(({ userName }) => console.log(userName()))`;
    assert.equal(asUnknown({}, '--eval', program(repositoryRoot)).stdout, `user-${UNKNOWN}\n`);
    assert.equal(asUnknown({ USER: 'ward' }, '--eval', program(repositoryRoot)).stdout, 'ward\n');
  });

  it('is told which variables help where there is no home folder to keep tools in', async function () {
    if (!canBecome) return this.skip();
    await withTemporaryFolder(async (data) => {
      await chown(data, UNKNOWN, UNKNOWN);
      await chmod(data, 0o700);
      const up = [join(repositoryRoot, 'bin', 'mammoflow.mjs'), 'up', '--data', data];
      for (const home of [{}, { HOME: '/' }]) {
        // Programs on the PATH would be taken instead.
        const { status, stderr } = asUnknown({ ...home, PATH: '/nowhere' }, ...up);
        assert.equal(status, 1);
        assert.match(stderr, /^error: .*XDG_CACHE_HOME.*TEMPORAL_CLI and VERSITYGW/);
      }
    });
  });
});
