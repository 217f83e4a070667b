import assert from 'node:assert/strict';
import { openPlaneCache } from '../../../../console/page/viewer/plane-cache.js';

const plane = (bytes: number) => ({ level: 0, rows: 1, columns: bytes / 2, values: new Uint16Array(bytes / 2) });
const never = new AbortController().signal;

describe('the cache of planes', () => {
  it('loads what is asked for twice once, and drops what nobody asked for for longest', async () => {
    const cache = openPlaneCache(100);
    const loaded: string[] = [];
    const get = (key: string, bytes = 40) =>
      cache.get(
        key,
        async () => {
          loaded.push(key);
          return plane(bytes);
        },
        never,
      );
    await Promise.all([get('a'), get('a'), get('b')]);
    await get('a');
    assert.deepEqual(loaded, ['a', 'b']);
    await get('c');
    assert.equal(cache.bytes, 80);
    await get('a');
    await get('b');
    assert.deepEqual(loaded, ['a', 'b', 'c', 'b'], '`b` was the oldest');
  });

  it('keeps what came last even if it is larger than the cache', async () => {
    const cache = openPlaneCache(100);
    await cache.get('small', async () => plane(50), never);
    await cache.get('large', async () => plane(400), never);
    assert.equal(cache.bytes, 400);
    await cache.get('large', () => assert.fail('it was there'), never);
  });

  it('gives up loading when all who asked have, and not before', async () => {
    const cache = openPlaneCache(100);
    const [first, second] = [new AbortController(), new AbortController()];
    let loading: AbortSignal | undefined;
    const load = (signal: AbortSignal): Promise<ReturnType<typeof plane>> => {
      loading = signal;
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    const asked = [cache.get('a', load, first.signal), cache.get('a', load, second.signal)];
    first.abort();
    await assert.rejects(asked[0] as Promise<unknown>, { name: 'AbortError' });
    assert.equal(loading?.aborted, false);
    second.abort();
    await assert.rejects(asked[1] as Promise<unknown>, { name: 'AbortError' });
    assert.equal(loading?.aborted, true);
    // Whoever asks after that gets it.
    assert.equal((await cache.get('a', async () => plane(10), never)).values.byteLength, 10);
  });

  it('does not keep an error, nor what was asked for before it was cleared', async () => {
    const cache = openPlaneCache(100);
    await assert.rejects(
      cache.get('a', () => Promise.reject(new Error('not now')), never),
      /not now/,
    );
    await cache.get('a', async () => plane(10), never);
    type Loaded = ReturnType<typeof plane>;
    let finish: (value: Loaded) => void = () => undefined;
    const late = cache.get('b', () => new Promise<Loaded>((resolve) => (finish = resolve)), never);
    cache.clear();
    finish(plane(20));
    await late;
    assert.equal(cache.bytes, 0);
  });
});
