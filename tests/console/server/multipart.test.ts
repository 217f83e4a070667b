import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type MultipartError, type SpoolOptions, spoolParts } from '../../../console/server/multipart.js';

const part = (content: Buffer | string, type = 'application/dicom'): Buffer =>
  Buffer.concat([Buffer.from(`--b\r\nContent-Type: ${type}\r\n\r\n`), Buffer.from(content), Buffer.from('\r\n')]);
const END = Buffer.from('--b--\r\n');

describe('a body of several parts', () => {
  let folder: string;
  let count = 0;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mammoflow-parts-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));
  afterEach(async () => assert.deepEqual(await readdir(folder), [], 'nothing stays on disk'));

  const spool = async (chunks: Iterable<Buffer> | AsyncIterable<Buffer>, options: Partial<SpoolOptions> = {}) => {
    const found: { content: Buffer; contentType: string; cutShort: boolean }[] = [];
    const all: SpoolOptions = {
      boundary: 'b',
      nextPath: () => join(folder, String(count++)),
      ...{ partBytes: 1e6, bodyBytes: 1e7, parts: 10 },
      ...options,
    };
    const problem = await spoolParts(Readable.from(chunks), all, async ({ path, ...rest }) => {
      found.push({ content: await readFile(path), ...rest });
    }).then(
      () => undefined,
      (error: MultipartError) => error.problem ?? error,
    );
    return { found, problem };
  };

  it('is read part by part, however it is cut', async () => {
    const first = Buffer.from('\r\n--c\r\n-- no boundary\r\n--'.repeat(500));
    const second = Buffer.from([0, 13, 10, 45, 45, 99, 0]);
    const whole = Buffer.concat([part(first), part(second, 'Application/DICOM; transfer-syntax=*'), END]);
    for (const size of [1, 7, 4096, whole.length]) {
      const chunks = Array.from({ length: Math.ceil(whole.length / size) }, (_, at) =>
        whole.subarray(at * size, (at + 1) * size),
      );
      const { found, problem } = await spool(chunks);
      assert.equal(problem, undefined);
      assert.deepEqual(
        found.map(({ content }) => content),
        [first, second],
        `${size} bytes at once`,
      );
      assert.deepEqual(found[1]?.contentType, 'application/dicom');
    }
  });

  it('is read to its end where its parts are large, and where something follows it', async () => {
    const parts = [1, 2, 3].map((value) => Buffer.alloc(700_000 + value, value));
    const whole = Buffer.concat([...parts.map((content) => part(content)), END, Buffer.alloc(200_000, 1)]);
    for (const size of [16_384, 33_537, 65_536]) {
      const chunks = Array.from({ length: Math.ceil(whole.length / size) }, (_, at) =>
        whole.subarray(at * size, (at + 1) * size),
      );
      const { found, problem } = await spool(chunks);
      assert.equal(problem, undefined);
      assert.deepEqual(
        found.map(({ content }) => content),
        parts,
      );
    }
  });

  it('keeps what came whole where the sender breaks off, and nothing of the rest', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield Buffer.concat([part('whole'), part('half').subarray(0, -4)]);
      throw new Error('aborted');
    }
    const stopped = await spool(broken());
    assert.deepEqual([stopped.problem, stopped.found.length], ['broken-off', 1]);
    const ended = await spool([Buffer.concat([part('whole'), part('half').subarray(0, -4)])]);
    assert.deepEqual([ended.problem, ended.found.map(({ content }) => String(content))], ['malformed', ['whole']]);
  });

  it('is refused where it has no part, too many, or too many bytes', async () => {
    assert.equal((await spool([Buffer.from('no boundary here')])).problem, 'malformed');
    assert.equal((await spool([END])).problem, 'malformed');
    const three = [part('1'), part('2'), part('3'), END];
    assert.equal((await spool(three, { parts: 2 })).problem, 'too-large');
    assert.equal((await spool(three, { bodyBytes: 50 })).problem, 'too-large');
  });

  it('is read on beyond a part that is too large, of which only the beginning is kept', async () => {
    const { found, problem } = await spool([part(Buffer.alloc(5_000, 7)), part('next'), END], { partBytes: 1_000 });
    assert.equal(problem, undefined);
    assert.deepEqual(
      found.map(({ content, cutShort }) => [content.length, cutShort]),
      [
        [1_000, true],
        [4, false],
      ],
    );
  });

  it('ends with the error of whoever deals with its parts', async () => {
    const failing = spoolParts(
      Readable.from([part('1'), part('2'), END]),
      { boundary: 'b', nextPath: () => join(folder, String(count++)), partBytes: 9, bodyBytes: 1e6, parts: 9 },
      async () => {
        throw new Error('the bucket is away');
      },
    );
    await assert.rejects(failing, /the bucket is away/);
  });
});
