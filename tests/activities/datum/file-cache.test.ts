import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { watchErasures } from '../../../activities/datum/erasure-watch.js';
import { type FileCache, openFileCache } from '../../../activities/datum/file-cache.js';
import type { FileEntry } from '../../../pipeline/commit.js';
import { MammoflowError } from '../../../pipeline/errors.js';
import { recordErasure, workersThatApplied } from '../../../repos/erasures.js';
import type { ObjectStore } from '../../../repos/object-store.js';
import { storeText, withRepository } from '../../support/repository.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';

const withCache = (use: (parts: { store: ObjectStore; cache: FileCache; folder: string }) => Promise<void>) =>
  withTemporaryFolder((folder) =>
    withRepository(async ({ store }) => use({ store, cache: await openFileCache(store, folder, 1e6), folder })),
  );
const inCache = (folder: string) => readdir(join(folder, 'files'));
const isMissing = (error: unknown) => error instanceof MammoflowError && error.code === 'missing-object';
const erased = ({ versionId, sha256 }: FileEntry) => ({ versions: [versionId], sha256: [sha256] });

describe('a worker’s disk cache', () => {
  it('forgets a file for ever, but fetches the same bytes put later', () =>
    withCache(async ({ store, cache, folder }) => {
      const file = await storeText(store, 'exams', 'a', 'L_CC.png', 'pixels');
      (await cache.get(file)).release();
      assert.deepEqual(await inCache(folder), [file.sha256]);
      assert.equal(await cache.forget(erased(file)), 0);
      assert.deepEqual(await inCache(folder), []);
      await assert.rejects(cache.get(file), isMissing);
      const later = await storeText(store, 'exams', 'b', 'L_CC.png', 'pixels');
      const local = await cache.get(later);
      assert.equal(await readFile(local.path, 'utf8'), 'pixels');
    }));

  it('does not take a file from a stage that is running, and says so', () =>
    withCache(async ({ store, cache, folder }) => {
      const file = await storeText(store, 'exams', 'a', 'L_CC.png', 'pixels');
      const local = await cache.get(file);
      assert.equal(await cache.forget(erased(file)), 1);
      assert.equal(await readFile(local.path, 'utf8'), 'pixels');
      await assert.rejects(cache.get(file), isMissing, 'nobody else gets it any more');
      local.release();
      assert.equal(await cache.forget(erased(file)), 0);
      assert.deepEqual(await inCache(folder), []);
    }));

  it('fetches again what somebody else removed', () =>
    withCache(async ({ store, cache, folder }) => {
      const file = await storeText(store, 'exams', 'a', 'L_CC.png', 'pixels');
      (await cache.get(file)).release();
      await rm(join(folder, 'files', file.sha256));
      assert.equal(await readFile((await cache.get(file)).path, 'utf8'), 'pixels');
    }));

  it('goes on where a cleaner of temporary files emptied its folder', () =>
    withCache(async ({ store, cache, folder }) => {
      const file = await storeText(store, 'exams', 'a', 'L_CC.png', 'pixels');
      (await cache.get(file)).release();
      await rm(folder, { recursive: true });
      const local = await cache.get(file);
      assert.equal(await readFile(local.path, 'utf8'), 'pixels');
      await rm(folder, { recursive: true });
      assert.deepEqual(await readdir(await cache.temporaryFolder()), []);
    }));

  it('gives up files that nobody uses before its disk is full, and names itself where that is not enough', async function () {
    await withTemporaryFolder(async (folder) => {
      // A disk of its own, which only root may make.
      const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'none', folder]).status === 0;
      if (!mounted) return this.skip();
      try {
        await withRepository(async ({ store }) => {
          const cache = await openFileCache(store, folder, 1e9);
          const files = [];
          for (const exam of ['a', 'b', 'c']) {
            files.push(await storeText(store, 'exams', exam, 'L_CC.png', exam.repeat(3e6)));
          }
          const [first, ...others] = files as [FileEntry, ...FileEntry[]];
          const used = await cache.get(first);
          for (const file of others) (await cache.get(file)).release();
          assert.deepEqual(
            (await inCache(folder)).sort(),
            [first.sha256, files[2]?.sha256].sort(),
            'only what is needed',
          );
          assert.equal((await readFile(used.path)).byteLength, 3e6, 'and never what a stage uses');
          const output = await cache.temporaryFolder();
          const written = writeFile(join(output, 'heatmap.npz'), Buffer.alloc(6e6));
          const failed = await written.then(
            () => undefined,
            (error) => error,
          );
          const explained = cache.explained(failed) as MammoflowError;
          assert.match(
            explained.message,
            new RegExp(`^The disk of ${folder} on .* \\(process ${process.pid}\\), is full`),
          );
          assert.match(explained.next ?? '', /--cache/);
        });
      } finally {
        spawnSync('umount', ['-l', folder]);
      }
    });
  });

  it('is reported clean of an erased exam once no stage uses its files any more, and after each erasure', () =>
    withCache(async ({ store, cache, folder }) => {
      const file = await storeText(store, 'exams', 'a', 'L_CC.png', 'pixels');
      const local = await cache.get(file);
      const errors: unknown[] = [];
      const watch = watchErasures(store, cache, 'cpu@host:1', (error) => errors.push(error));
      try {
        const first = await recordErasure(store, 'a', { author: 'tester', ...erased(file) });
        await watch.look();
        assert.equal((await workersThatApplied(store, ['cpu@host:1'], [first])).size, 0);
        local.release();
        await watch.look();
        assert.deepEqual([...(await workersThatApplied(store, ['cpu@host:1', 'other'], [first]))], ['cpu@host:1']);
        assert.deepEqual(await inCache(folder), []);
        const second = await recordErasure(store, 'a', { author: 'tester', versions: [], sha256: [] });
        assert.equal((await workersThatApplied(store, ['cpu@host:1'], [second])).size, 0);
        await watch.look();
        assert.equal((await workersThatApplied(store, ['cpu@host:1'], [second])).size, 1);
        assert.deepEqual(errors, []);
      } finally {
        watch.close();
      }
    }));
});
