import assert from 'node:assert/strict';
import { coalesceHints } from '../../triggers/hints.js';
import { until } from '../support/until.js';

/** A place that hints go to, whose answers the test gives. */
function receiver() {
  const sent: { events: number; take: () => void; refuse: () => void }[] = [];
  const send = (events: number): Promise<void> =>
    new Promise((resolve, reject) => {
      sent.push({ events, take: () => resolve(), refuse: () => reject(new Error('not now')) });
    });
  return { sent, send, next: (count: number) => until(`hint ${count}`, async () => sent[count - 1]) };
}

/** Whether a promise has been resolved or rejected by now. */
const isSettled = (promise: Promise<void>): Promise<boolean> =>
  Promise.race([
    promise.then(
      () => true,
      () => true,
    ),
    new Promise<boolean>((resolve) => setImmediate(() => resolve(false))),
  ]);

describe('hints', () => {
  it('stand for all requests that came while the last one was on its way, and always follow the last request', async () => {
    const { sent, send, next } = receiver();
    const hints = coalesceHints({ send, intervalMs: 1 });
    hints.request();
    const first = await next(1);
    for (let request = 0; request < 100_000; request += 1) hints.request();
    const delivered = hints.delivered();
    first.take();
    const second = await next(2);
    assert.equal(await isSettled(delivered), false, 'the first hint began before those requests');
    second.take();
    await delivered;
    assert.deepEqual(
      sent.map(({ events }) => events),
      [1, 100_000],
    );
    await hints.close();
    assert.equal(sent.length, 2);
  });

  it('are at most one in the interval', async () => {
    let sent = 0;
    const send = async (): Promise<void> => {
      sent += 1;
    };
    const start = performance.now();
    const hints = coalesceHints({ send, intervalMs: 100 });
    for (let round = 0; round < 60; round += 1) {
      hints.request();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await hints.delivered();
    const elapsed = performance.now() - start;
    await hints.close();
    assert.ok(sent > 1);
    // A timer may be a millisecond early.
    assert.ok(elapsed >= (sent - 1) * 98, `${sent} hints in ${elapsed} ms`);
  });

  it('are tried again until they are taken, while nobody is told that they were', async () => {
    const { sent, send, next } = receiver();
    let failures = 0;
    const onFailed = (): void => {
      failures += 1;
    };
    const hints = coalesceHints({ send, intervalMs: 1, onFailed });
    hints.request(3);
    const delivered = hints.delivered();
    (await next(1)).refuse();
    const second = await next(2);
    assert.equal(failures, 1);
    assert.equal(hints.waiting(), true);
    assert.equal(typeof hints.failingSince(), 'number');
    const working = hints.working();
    assert.equal(await isSettled(working), false);
    assert.equal(await isSettled(delivered), false);
    hints.request(4);
    second.take();
    await Promise.all([delivered, working]);
    assert.equal(hints.failingSince(), undefined);
    (await next(3)).take();
    await hints.delivered();
    assert.deepEqual(
      sent.map(({ events }) => events),
      [3, 3, 4],
    );
    assert.equal(hints.waiting(), false);
    await hints.close();
  });

  it('are tried once more at the end, and then those who wait are told', async () => {
    const { sent, send, next } = receiver();
    const hints = coalesceHints({ send, intervalMs: 60_000 });
    hints.request();
    (await next(1)).take();
    await hints.delivered();
    hints.request();
    const delivered = hints.delivered();
    const closed = hints.close();
    (await next(2)).refuse();
    await closed;
    await assert.rejects(delivered, { code: 'service-unavailable' });
    hints.request();
    await assert.rejects(hints.delivered(), { code: 'service-unavailable' });
    assert.equal(sent.length, 2);
  });

  it('go out at the end without waiting for the interval', async () => {
    const { sent, send, next } = receiver();
    const hints = coalesceHints({ send, intervalMs: 60_000 });
    hints.request();
    (await next(1)).take();
    await hints.delivered();
    hints.request(5);
    const delivered = hints.delivered();
    const closed = hints.close();
    (await next(2)).take();
    await Promise.all([closed, delivered]);
    assert.equal(sent[1]?.events, 5);
  });
});
