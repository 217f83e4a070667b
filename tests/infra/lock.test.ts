import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryLock, withLock } from '../../infra/dev/lock.js';
import { isRunning, thisProcess } from '../../infra/dev/process-identity.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

describe('a lock', () => {
  it('is given to one at a time, and names its owner to the others', async () => {
    await withTemporaryFolder(async (folder) => {
      const first = await tryLock(join(folder, 'a.lock'));
      assert.ok('release' in first);
      assert.deepEqual(await tryLock(join(folder, 'a.lock')), { heldBy: thisProcess() });
      await first.release();
      assert.ok('release' in (await tryLock(join(folder, 'a.lock'))));
    });
  });

  it('is taken over from a process whose pid now belongs to another one', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a.lock');
      await mkdir(path);
      await writeFile(join(path, 'owner.json'), JSON.stringify({ pid: process.pid, identity: 'an earlier boot:1' }));
      assert.ok('release' in (await tryLock(path)));
    });
  });

  it('lets nobody in while somebody works', async () => {
    await withTemporaryFolder(async (folder) => {
      let inside = 0;
      let most = 0;
      const work = () =>
        withLock(
          join(folder, 'a.lock'),
          () => undefined,
          async () => {
            most = Math.max(most, ++inside);
            await sleep(20);
            inside--;
          },
        );
      await Promise.all([work(), work(), work(), work()]);
      assert.equal(most, 1);
    });
  });
});

describe('a process reference', () => {
  it('tells this process from another one with its pid', () => {
    assert.equal(isRunning(thisProcess()), true);
    assert.equal(isRunning({ pid: process.pid, identity: 'other' }), false);
  });
});
