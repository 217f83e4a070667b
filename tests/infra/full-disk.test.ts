import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRunningState } from '../../infra/dev/state.js';
import { runInEnvironment } from '../support/run-command.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

describe('a data folder whose disk is full', () => {
  it('does not end the services, and status says so instead of ready', async function () {
    await withTemporaryFolder(async (folder) => {
      // A disk of its own, which only root may make.
      if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=400m', 'none', folder]).status !== 0) return this.skip();
      const run = (...args: string[]) => runInEnvironment({ MAMMOFLOW_DATA: folder }, ...args);
      try {
        const up = await run('up', '--no-workers');
        assert.equal(up.code, 0, up.stderr);
        const doctor = await runInEnvironment({ MAMMOFLOW_DATA: folder, MAMMOFLOW_CACHE: tmpdir() }, 'doctor');
        assert.match(doctor.stdout, new RegExp(`disk +0\\.\\d GB free in ${folder}`));
        assert.match(doctor.stdout, new RegExp(`disk of the cache +[\\d.]+ GB free in ${tmpdir()}`));
        const { pid, receiver } = (await readRunningState(folder)) ?? {};
        await writeFile(join(folder, 'filler'), Buffer.alloc(400e6)).catch(() => undefined);
        // The supervisor has to log this, and to start something whose log cannot be written.
        process.kill(receiver?.pid as number, 'SIGKILL');
        await until('the receiver to answer again', async () => {
          const { stdout } = await run('status', '--json');
          const { ready, problems, receiver: found } = JSON.parse(stdout);
          assert.equal(ready, false);
          assert.match(problems.join(' '), /The disk of .* is full: \d+ MB free\./);
          return found?.status === 'ok';
        });
        assert.equal((await readRunningState(folder))?.pid, pid, 'the supervisor is the same');
        await rm(join(folder, 'filler'));
        await until('all to be well', async () => (await run('status')).code === 0);
      } finally {
        await run('down');
        spawnSync('umount', ['-l', folder]);
      }
    });
  });
});
