import assert from 'node:assert/strict';
import { claimDatum } from '../../repos/claims.js';
import { sha256Hex } from '../../repos/hash.js';
import { claimKey, claimsPrefix } from '../../repos/layout.js';
import type { ObjectStore } from '../../repos/object-store.js';
import { storeOf } from '../support/repository.js';
import { freshBucket } from '../support/services.js';
import { until } from '../support/until.js';

const DATUM = { stage: 'crop', exam: 'exam-1', key: 'a'.repeat(64) };
const claimantOf = (owner: string) => ({ owner, job: `job-of-${owner}`, worker: 'host' });
const KEY = claimKey(DATUM.exam, DATUM.stage, DATUM.key);

describe('a claim to a datum', () => {
  let store: ObjectStore;
  before(async () => {
    store = storeOf(await freshBucket());
  });
  after(() => store.close());

  const versions = async () => {
    const found = [];
    for await (const version of store.listVersions(claimsPrefix)) found.push(version);
    return found;
  };
  const take = async (owner: string) => {
    const claim = await claimDatum(store, DATUM, claimantOf(owner), { renewMs: 100, lostAfterMs: 60_000 });
    assert.ok('held' in claim, `${owner} is to have it`);
    return claim.held;
  };
  const put = (text: string) => store.put(KEY, Buffer.from(text), { sha256: sha256Hex(text) });

  it('is one holder’s until it is released, and leaves nothing behind', async () => {
    const held = await take('first');
    const other = await claimDatum(store, DATUM, claimantOf('second'));
    assert.ok('by' in other);
    assert.equal(other.by.job, 'job-of-first');
    await until('it to be renewed', async () => {
      const { by } = (await claimDatum(store, DATUM, claimantOf('second'))) as { by: { renewed: string } };
      return by.renewed > other.by.renewed;
    });
    await held.release();
    assert.deepEqual(await versions(), []);
    await (await take('second')).release();
    assert.deepEqual(await versions(), []);
  });

  it('is given to one of many that ask at once', async () => {
    const asked = await Promise.all(
      Array.from({ length: 8 }, (_, index) => claimDatum(store, DATUM, claimantOf(`${index}`))),
    );
    const holders = asked.flatMap((claim) => ('held' in claim ? [claim.held] : []));
    assert.equal(holders.length, 1);
    await holders[0]?.release();
  });

  it('goes on with its own owner at once, and to others when it was not renewed for long', async () => {
    const long = new Date(store.serverTime() - 3_600_000).toISOString();
    const ofTheDead = JSON.stringify({ schemaVersion: 1, ...claimantOf('dead'), since: long, renewed: long });
    const justNow = new Date(store.serverTime()).toISOString();
    await put(JSON.stringify({ schemaVersion: 1, ...claimantOf('first'), since: justNow, renewed: justNow }));
    await (await take('first')).release();
    await put(ofTheDead);
    await (await take('second')).release();
    await put('damaged');
    await (await take('second')).release();
    assert.deepEqual(await versions(), []);
  });
});
