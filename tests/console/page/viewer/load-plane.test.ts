import assert from 'node:assert/strict';
import { COLUMNS_HEADER, type Level, ROWS_HEADER } from '../../../../console/contract/binary.js';
import { ApiError } from '../../../../console/contract/client.js';
import { loadHeatmap, loadPixels } from '../../../../console/page/viewer/load-plane.js';
import { troubleOf } from '../../../../console/page/viewer/trouble.js';

const signal = new AbortController().signal;
const version = { versionId: 'v 1', sha256: 'a'.repeat(64) };
const answering =
  (body: ConstructorParameters<typeof Response>[0], headers: Record<string, string> = {}, status = 200): typeof fetch =>
  async () =>
    new Response(body, { status, headers });
const sized = (rows: number, columns: number) => ({ [ROWS_HEADER]: String(rows), [COLUMNS_HEADER]: String(columns) });
const pixels = (fetch: typeof globalThis.fetch, level: Level = 0, expected?: readonly [number, number]) =>
  loadPixels({ repo: 'exams', exam: 'e-1', view: 'L_CC', level, version, expected }, { signal, fetch });
const refused = async (asked: Promise<unknown>): Promise<ApiError> => {
  const error = await asked.then(
    () => assert.fail('it was not refused'),
    (one: unknown) => one,
  );
  assert.ok(error instanceof ApiError, String(error));
  return error;
};

describe('loading pictures and heatmaps', () => {
  it('asks for a level of a version, and has 16 bits and floats as they came', async () => {
    let asked = '';
    const plane = await loadPixels(
      { repo: 'crop', exam: 'e-1', view: 'R_MLO', level: 3, version, expected: [9, 17] },
      {
        signal,
        base: 'http://console',
        fetch: async (url) => {
          asked = String(url);
          return new Response(Uint16Array.of(1, 256, 65_535, 4, 5, 6), { headers: sized(2, 3) });
        },
      },
    );
    assert.equal(
      asked,
      `http://console/api/pixels/crop/e-1/R_MLO/v%201?sha256=${'a'.repeat(64)}&level=3&encoding=gzip`,
    );
    assert.deepEqual(plane, { level: 3, rows: 2, columns: 3, values: Uint16Array.of(1, 256, 65_535, 4, 5, 6) });
    const heatmap = await loadHeatmap(
      { exam: 'e-1', view: 'L_CC', class: 'benign', level: 0, version },
      { signal, fetch: answering(Float32Array.of(0.25, 1), sized(1, 2)) },
    );
    assert.deepEqual(heatmap.values, Float32Array.of(0.25, 1));
  });

  it('refuses what is cut short, has no size, or another size than its view', async () => {
    const six = new Uint16Array(6);
    const short = await refused(pixels(answering(six.subarray(1), sized(2, 3))));
    assert.deepEqual([short.code, /10 bytes/.test(short.message)], ['wrong-size', true]);
    assert.equal((await refused(pixels(answering(six)))).code, 'wrong-size');
    const other = await refused(pixels(answering(six, sized(2, 3)), 0, [3, 2]));
    assert.match(other.message, /L_CC has 2 × 3 pixels and should have 3 × 2/);
    const heatmap = await refused(
      loadHeatmap(
        { exam: 'e-1', view: 'L_CC', class: 'benign', level: 1, version, expected: [9, 9] },
        { signal, fetch: answering(new Float32Array(6), sized(2, 3)) },
      ),
    );
    assert.match(heatmap.message, /heatmap of L_CC .* should have 5 × 5/);
    assert.match(heatmap.next ?? '', /processed again/);
  });

  it('passes on what the console says of erased and damaged files, and that nobody answers', async () => {
    for (const [status, code, again] of [
      [410, 'missing-object', false],
      [502, 'corrupt-data', true],
      [503, 'service-unavailable', true],
      [401, 'token-expired', false],
    ] as const) {
      const answer = JSON.stringify({ error: { code, message: `It is ${code}.`, next: 'Do this.' } });
      const error = await refused(pixels(answering(answer, {}, status)));
      assert.deepEqual(
        [error.status, error.code, error.message, error.next],
        [status, code, `It is ${code}.`, 'Do this.'],
      );
      const trouble = troubleOf(error, 'picture', 'L_CC');
      assert.deepEqual([trouble.message, trouble.next, trouble.again], [`It is ${code}.`, 'Do this.', again]);
      assert.match(trouble.title, /^L CC picture: /);
    }
    const down = await refused(pixels(() => Promise.reject(new TypeError('fetch failed'))));
    assert.deepEqual([down.code, troubleOf(down, 'picture', 'L_CC').again], ['offline', true]);
    const cut = new ReadableStream({
      start: (stream) => {
        stream.enqueue(new Uint8Array(2));
        stream.error(new TypeError('terminated'));
      },
    });
    assert.equal((await refused(pixels(answering(cut, sized(2, 3))))).code, 'offline');
  });

  it('lets go when it is told to, without calling that an error of the console', async () => {
    const controller = new AbortController();
    const asked = loadPixels(
      { repo: 'exams', exam: 'e-1', view: 'L_CC', level: 0, version },
      {
        signal: controller.signal,
        fetch: (_, init) =>
          new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason))),
      },
    );
    controller.abort();
    await assert.rejects(asked, { name: 'AbortError' });
  });
});
