import assert from 'node:assert/strict';
import { rateLimit } from '../../triggers/rate-limit.js';

describe('the rate limit', () => {
  it('allows a burst, then so many a second, to each sender by itself', () => {
    let now = 0;
    const limit = rateLimit({ perSecond: 10, burst: 3, now: () => now });
    const allowed = (sender: string, tries: number): number =>
      Array.from({ length: tries }, () => limit.allows(sender)).filter(Boolean).length;
    assert.equal(allowed('a', 10), 3);
    assert.equal(allowed('b', 10), 3, 'another sender does not suffer');
    now += 200;
    assert.equal(allowed('a', 10), 2);
    now += 3_600_000;
    assert.equal(allowed('a', 10), 3, 'a long silence saves up no more than the burst');
  });

  it('does not grow with the number of senders', () => {
    const limit = rateLimit({ perSecond: 1, burst: 1 });
    for (let sender = 0; sender < 50_000; sender += 1) assert.equal(limit.allows(`10.0.${sender}`), true);
    assert.equal(limit.allows('10.0.0'), true, 'the oldest has been forgotten');
    assert.equal(limit.allows('10.0.49999'), false, 'the newest has not');
  });
});
