import assert from 'node:assert/strict';
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporalBinary } from '../../infra/dev/temporal-binary.js';
import { cached, cacheFolder, findOnPath, isAtLeast } from '../../infra/dev/tool-cache.js';
import { versitygwVersion } from '../../infra/dev/versitygw-binary.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

const quiet = () => undefined;

describe('the tool cache', () => {
  it('makes a file once, however many ask for it at the same time', async () => {
    await withTemporaryFolder(async (folder) => {
      let made = 0;
      const ask = () =>
        cached(join(folder, 'tool'), quiet, async (workplace) => {
          made++;
          await sleep(50);
          await writeFile(join(workplace, 'result'), 'content');
          return join(workplace, 'result');
        });
      const paths = await Promise.all([ask(), ask(), ask()]);
      assert.equal(made, 1);
      assert.deepEqual(new Set(paths), new Set([join(folder, 'tool')]));
      assert.equal(await readFile(join(folder, 'tool'), 'utf8'), 'content');
      assert.deepEqual(await readdir(folder), ['tool'], 'nothing else stays behind');
    });
  });

  it('keeps nothing of an attempt that failed, and tries again', async () => {
    await withTemporaryFolder(async (folder) => {
      const broken = cached(join(folder, 'tool'), quiet, async (workplace) => {
        await writeFile(join(workplace, 'half'), '');
        throw new Error('no network');
      });
      await assert.rejects(broken, /no network/);
      assert.deepEqual(await readdir(folder), []);
      await cached(join(folder, 'tool'), quiet, async (workplace) => {
        await writeFile(join(workplace, 'whole'), 'content');
        return join(workplace, 'whole');
      });
      assert.deepEqual(await readdir(folder), ['tool']);
    });
  });

  it('lies where XDG_CACHE_HOME says', () => {
    assert.equal(cacheFolder({ XDG_CACHE_HOME: '/somewhere' }), '/somewhere/mammoflow');
  });

  it('compares versions by number', () => {
    assert.equal(isAtLeast('1.10.0', '1.9.0'), true);
    assert.equal(isAtLeast('1.8.9', '1.9.0'), false);
    assert.equal(isAtLeast('1.25', '1.25'), true);
    assert.equal(isAtLeast('1.24.9', '1.25'), false);
    assert.equal(isAtLeast('2.0', '1.25'), true);
  });

  it('finds on PATH only what can be executed', async () => {
    await withTemporaryFolder(async (folder) => {
      await writeFile(join(folder, 'tool'), '#!/bin/sh\n');
      assert.equal(findOnPath('tool', { PATH: folder }), undefined);
      await chmod(join(folder, 'tool'), 0o755);
      assert.equal(findOnPath('tool', { PATH: `/nowhere:${folder}` }), join(folder, 'tool'));
    });
  });
});

describe('a chosen tool', () => {
  it('is refused with the name of the variable if it does not run', async () => {
    const before = process.env.TEMPORAL_CLI;
    process.env.TEMPORAL_CLI = '/nowhere/temporal';
    try {
      await assert.rejects(temporalBinary(quiet), { code: 'invalid-configuration', message: /TEMPORAL_CLI=\/nowhere/ });
    } finally {
      if (before === undefined) delete process.env.TEMPORAL_CLI;
      else process.env.TEMPORAL_CLI = before;
    }
  });

  it('is not taken for versitygw if it is something else', async () => {
    assert.equal(await versitygwVersion(process.execPath), undefined);
  });
});
