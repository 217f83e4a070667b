import assert from 'node:assert/strict';
import { MammoflowError } from '../../pipeline/errors.js';
import { readFileEntry } from '../../repos/committed-files.js';
import { sha256Hex } from '../../repos/hash.js';
import { storeText, versionsUnder, withRepository } from '../support/repository.js';

describe('a committed file', () => {
  it('can be read by its version after the key has other bytes', () =>
    withRepository(async ({ store }, s3) => {
      const first = await storeText(store, 'exams', 'a', 'L_CC.png', 'one');
      const second = await storeText(store, 'exams', 'a', 'L_CC.png', 'two');
      assert.equal(first.key, 'exams/a/L_CC.png');
      assert.equal(Buffer.from(await readFileEntry(store, first)).toString(), 'one');
      assert.equal(Buffer.from(await readFileEntry(store, second)).toString(), 'two');
      assert.equal((await versionsUnder(s3, 'exams/')).length, 2);
    }));

  it('is not stored again when its bytes are there', () =>
    withRepository(async ({ store }, s3) => {
      const first = await storeText(store, 'exams', 'a', 'L_CC.png', 'one');
      assert.deepEqual(await storeText(store, 'exams', 'a', 'L_CC.png', 'one'), first);
      assert.deepEqual(await versionsUnder(s3, 'exams/'), [first.key]);
    }));

  it('that is gone or has other bytes is reported and not returned', () =>
    withRepository(async ({ store }) => {
      const entry = await storeText(store, 'exams', 'a', 'L_CC.png', 'one');
      const fails = (wrong: Partial<typeof entry>, code: string, message: RegExp) =>
        assert.rejects(readFileEntry(store, { ...entry, ...wrong }), (error) => {
          assert.ok(error instanceof MammoflowError, String(error));
          assert.equal(error.code, code);
          assert.match(error.sentence, message);
          return true;
        });
      await fails(
        { versionId: '01K00000000000000000000000' },
        'missing-object',
        /Version 01K0+ of exams\/a\/L_CC\.png is gone/,
      );
      await fails({ sha256: sha256Hex('two') }, 'corrupt-data', /does not have the SHA-256 it was committed with/);
    }));
});
