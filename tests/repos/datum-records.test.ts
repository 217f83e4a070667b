import assert from 'node:assert/strict';
import type { DatumRecord } from '../../pipeline/datum.js';
import { listDatumKeys, readDatumRecord, writeDatumRecord } from '../../repos/datum-records.js';
import { sha256Hex } from '../../repos/hash.js';
import { datumKeyPath } from '../../repos/layout.js';
import { openRepository } from '../../repos/repository.js';
import { storeOf, versionsUnder, withRepository } from '../support/repository.js';

const recordOf = (job: string): DatumRecord => ({
  schemaVersion: 1,
  key: sha256Hex('key'),
  document: { stage: 'crop', version: '1', parameters: {}, exam: 'a', models: {}, inputs: {} },
  files: [],
  job,
  provenance: { host: job },
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:01.000Z',
});

describe('a datum record', () => {
  it('is that of the first of sixteen writers, and all of them are given it', () =>
    withRepository(async ({ store }, s3) => {
      const writers = Array.from({ length: 16 }, () => openRepository(storeOf(s3)).store);
      const adopted = await Promise.all(
        writers.map((writer, index) => writeDatumRecord(writer, recordOf(`job-${index}`))),
      );
      for (const writer of writers) writer.close();
      const kept = await readDatumRecord(store, 'crop', 'a', sha256Hex('key'));
      assert.ok(kept);
      for (const record of adopted) assert.deepEqual(record, kept);
      assert.equal((await versionsUnder(s3, datumKeyPath('crop', 'a', kept.key))).length, 1);
    }));

  it('is unknown for a key that was never computed', () =>
    withRepository(async ({ store }) => {
      assert.equal(await readDatumRecord(store, 'crop', 'a', sha256Hex('other')), undefined);
    }));

  it('is listed with the others of its exam, from any key on', () =>
    withRepository(async ({ store }) => {
      const keys = ['1', '2', '3'].map(sha256Hex).sort();
      for (const key of keys) await writeDatumRecord(store, { ...recordOf('job'), key });
      const listed = async (after?: string): Promise<string[]> => {
        const found: string[] = [];
        for await (const key of listDatumKeys(store, 'crop', 'a', after)) found.push(key);
        return found;
      };
      assert.deepEqual(await listed(), keys);
      assert.deepEqual(await listed(keys[0]), keys.slice(1));
    }));

  it('that something else has written is reported', () =>
    withRepository(async ({ store }) => {
      const key = datumKeyPath('crop', 'a', sha256Hex('key'));
      await store.put(key, Buffer.from('{}'), { sha256: sha256Hex('{}') });
      await assert.rejects(readDatumRecord(store, 'crop', 'a', sha256Hex('key')), { code: 'corrupt-data' });
    }));
});
