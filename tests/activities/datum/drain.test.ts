import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDrain } from '../../../activities/datum/drain.js';

describe('a worker that was told to end', () => {
  let now = 0;
  const drain = () => createDrain(() => now);
  /** Longer than any test, in milliseconds. */
  const LONG = 1_000_000;
  beforeEach(() => {
    now = 0;
  });

  it('hands back at once what takes longer by its own count, and lets the rest go on', () => {
    const draining = drain();
    const [slow, fast] = [draining.follow('generate_heatmaps'), draining.follow('generate_heatmaps')];
    for (const { progress } of [slow, fast]) progress({ step: 'L_CC', done: 10, total: 1000 });
    now = LONG / 10;
    slow.progress({ step: 'L_CC', done: 50, total: 1000 });
    fast.progress({ step: 'L_CC', done: 910, total: 1000 });
    draining.begin(LONG);
    assert.equal(slow.signal.aborted, true);
    assert.equal(slow.signal.reason.nextRetryDelay, 1, 'the next attempt waits for nothing');
    assert.equal(slow.signal.reason.nonRetryable, false);
    assert.equal(fast.signal.aborted, false);
  });

  it('goes by what the last datums of the stage took', () => {
    const draining = drain();
    for (const took of [LONG, 3 * LONG]) {
      const before = draining.follow('classify');
      now += took;
      before.ended(true);
    }
    const begun = draining.follow('classify');
    now += LONG;
    const later = draining.follow('classify');
    const other = draining.follow('crop');
    draining.begin(1.5 * LONG);
    assert.equal(begun.signal.aborted, false, 'one of two was left to do');
    assert.equal(later.signal.aborted, true);
    assert.equal(other.signal.aborted, false, 'nothing is known of it');
    assert.equal(draining.follow('classify').signal.aborted, true, 'one that came at the last moment');
  });

  it('learns nothing from datums that were not computed', () => {
    const draining = drain();
    const skipped = draining.follow('crop');
    now += 10 * LONG;
    skipped.ended(false);
    const begun = draining.follow('crop');
    draining.begin(LONG);
    assert.equal(begun.signal.aborted, false);
  });

  it('sees on the way that a datum will not be done in time', () => {
    const draining = drain();
    const datum = draining.follow('classify');
    datum.progress({ step: 'pass 1', done: 1, total: 20 });
    draining.begin(LONG);
    assert.equal(datum.signal.aborted, false);
    now = LONG / 2;
    datum.progress({ step: 'pass 2', done: 2, total: 20 });
    assert.equal(datum.signal.aborted, true);
  });

  it('hands back at the end of the grace what is not done after all, and only that', async () => {
    const draining = createDrain();
    const [done, going] = [draining.follow('crop'), draining.follow('crop')];
    draining.begin(20);
    done.ended(true);
    if (!going.signal.aborted)
      await new Promise((resolve) => going.signal.addEventListener('abort', resolve, { once: true }));
    await sleep(0);
    assert.equal(done.signal.aborted, false);
  });
});
