import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import type { Session } from '../../../api/session.js';
import { sendFileUrl } from '../../../console/contract/binary.js';
import { CSRF_HEADER } from '../../../console/contract/paths.js';
import { UPLOAD_LIMITS } from '../../../console/contract/words.js';
import { VIEWS, viewFile } from '../../../pipeline/exam.js';
import { tinyExam } from '../../support/classified-exams.js';
import { answerOf, openConsole, refusal, type TestConsole } from '../../support/consoles.js';
import { openSmallSystem, SMALL_STAGES, type SmallSystem } from '../../support/small-system.js';
import { until } from '../../support/until.js';

interface Told {
  readonly type: string;
  readonly id: string;
  readonly data: Record<string, unknown>;
}

/** Listens to what the console tells, until `close`. */
async function listen(page: TestConsole, lastId?: string): Promise<{ told: Told[]; close(): void }> {
  const told: Told[] = [];
  const headers = { cookie: page.cookie(), ...(lastId === undefined ? {} : { 'last-event-id': lastId }) };
  const asked = request(`${page.address}/api/events`, { headers }, (response) => {
    let text = '';
    response.on('data', (chunk) => {
      text += chunk;
      const blocks = text.split('\n\n');
      text = blocks.pop() as string;
      for (const block of blocks) {
        const { type, id, data } = /^event: (?<type>.*)\nid: (?<id>.*)\ndata: (?<data>.*)$/.exec(block)?.groups ?? {};
        if (type !== undefined) told.push({ type, id: id as string, data: JSON.parse(data as string) });
      }
    });
    response.on('error', () => undefined);
  });
  asked.on('error', () => undefined);
  asked.end();
  await until('the first event', async () => told.length > 0);
  return { told, close: () => asked.destroy() };
}

describe('the console: jobs, uploads and what changes', () => {
  let system: SmallSystem;
  let session: Session;
  let page: TestConsole;
  const ended = async (job: string) => {
    let detail = await page.client.job({ params: { job } });
    await until(`the end of ${job}`, async () => {
      detail = await page.client.job({ params: { job } });
      return detail.status !== 'running';
    });
    return detail;
  };

  before(async () => {
    system = await openSmallSystem();
    session = { ...system.session, stages: async () => SMALL_STAGES };
    page = await openConsole(system, { session, ui: 'http://127.0.0.1:8233/' });
    await system.startSmallWorkers();
    await system.useModel('red', 'all');
  });
  after(async () => {
    await page?.close();
    await system?.close();
  });

  it('shows a job with its stages, rates and where its time went, and tries again what failed', async () => {
    await system.putScan(['good-1', 'good-2'], '1001');
    await system.putScan(['bad-1'], 'bad');
    const events = await listen(page);
    assert.equal(events.told[0]?.type, 'reset');
    const { job } = await page.client.startJob({ body: {} });
    const detail = await ended(job);
    assert.deepEqual([detail.status, detail.total, detail.exams.failed], ['completed', 3, 1]);
    assert.deepEqual(
      detail.stages.map(({ stage, computed, failed, blocked }) => `${stage} ${computed} ${failed} ${blocked}`),
      ['measure 2 1 0', 'weigh 2 0 1', 'report 2 0 1'],
    );
    assert.equal(detail.time.exams, 2);
    assert.ok(detail.time.fetching !== null && detail.time.computing !== null && detail.time.storing !== null);
    assert.ok((detail.time.waiting ?? -1) >= 0);
    assert.ok((detail.stages[0]?.seconds ?? -1) >= 0);
    assert.ok((detail.rate ?? 0) > 0);
    const { namespace } = system.settings.temporal;
    assert.equal(detail.temporal, `http://127.0.0.1:8233/namespaces/${namespace}/workflows/${job}`);
    const { items, total } = await page.client.jobExams({ params: { job } });
    assert.deepEqual([items[0]?.exam, items[0]?.outcome, items[0]?.stage, total], ['bad-1', 'failed', 'measure', 3]);
    assert.match(items[0]?.reason ?? '', /is bad/);
    const { items: jobs } = await page.client.jobs({ query: { limit: 1 } });
    assert.equal(jobs[0]?.job, job);

    await until('the end of the job is told', async () =>
      events.told.some(({ type, data }) => type === 'job' && data.job === job && data.status === 'completed'),
    );
    assert.ok(events.told.some(({ type, data }) => type === 'branch' && data.branch === 'main'));
    assert.ok(events.told.some(({ type }) => type === 'results'));

    await system.putScan(['bad-1'], '2002');
    const { job: again } = await page.client.retryJob({ params: { job }, body: {} });
    assert.equal((await ended(again)).exams.processed, 1);
    const none = await refusal(page.client.retryJob({ params: { job: again }, body: {} }));
    assert.deepEqual([none.status, none.code], [404, 'not-found']);
    events.close();
  });

  it('cancels a job, and says when there is none', async () => {
    await system.stopSmallWorkers();
    await system.startSmallWorkers({ roles: ['workflow'] });
    await system.putScan(['waits-1'], '3003');
    const { job } = await page.client.startJob({ body: {} });
    await until(
      'it runs',
      async () => (await page.client.exams({ query: { search: 'waits' } })).items[0]?.state === 'running',
    );
    const { status } = await page.client.cancelJob({ params: { job } });
    assert.equal(status, 'cancelled');
    const gone = await refusal(page.client.cancelJob({ params: { job: 'main-0-nothing' } }));
    assert.deepEqual([gone.status, gone.code], [404, 'not-found']);
    assert.equal((await refusal(page.client.job({ params: { job: 'main-0-nothing' } }))).status, 404);
    await system.startSmallWorkers({ roles: ['cpu', 'gpu'] });
  });

  it('tells who was cut off what was missed, and to begin anew whoever was away too long', async () => {
    const watching = await listen(page);
    const first = await listen(page);
    await page.client.createBranch({ body: { branch: 'told', ref: 'main' } });
    await until('the branch is told', async () => first.told.some(({ data }) => data.branch === 'told'));
    const before = first.told.find(({ data }) => data.branch === 'told') as Told;
    first.close();
    await page.client.deleteBranch({ params: { branch: 'told' } });
    await until('it is told to others', async () =>
      watching.told.some(({ type, data }) => type === 'branch' && data.commit === null),
    );
    const second = await listen(page, before.id);
    await until('what was missed', async () =>
      second.told.some(({ type, data }) => type === 'branch' && data.commit === null),
    );
    assert.ok(!second.told.some(({ type }) => type === 'reset'));
    second.close();
    const third = await listen(page, 'another-run-7');
    assert.equal(third.told[0]?.type, 'reset');
    third.close();
    watching.close();
  });

  it('takes a folder: problems before anything is sent, pieces, a lost connection, and one commit', async () => {
    const folder = join(system.folder, 'to-send');
    await tinyExam(folder, 'sent-1', 1);
    await tinyExam(folder, 'sent-2', 5);
    await tinyExam(folder, 'sent-3', 9);
    await writeFile(join(folder, 'sent-2', 'R_CC.png'), randomBytes(400));
    const bytes = async (exam: string, file: string): Promise<Buffer> => readFile(join(folder, exam, file));
    const files: { exam: string; file: string; size: number }[] = [];
    for (const exam of ['sent-1', 'sent-2', 'sent-3']) {
      for (const view of VIEWS) {
        files.push({ exam, file: viewFile(view), size: (await bytes(exam, viewFile(view))).byteLength });
      }
    }
    files.push({ exam: 'sent-1', file: 'notes.txt', size: 12 });
    files.push({ exam: '../evil', file: 'L_CC.png', size: 12 });
    files.push({ exam: 'three-views', file: 'L_CC.png', size: 12 });
    let upload = await page.client.beginUpload({ body: { files } });
    const states = (of: typeof upload) => Object.fromEntries(of.exams.map(({ exam, state }) => [exam, state]));
    assert.deepEqual(states(upload), {
      'sent-1': 'expecting',
      'sent-2': 'expecting',
      'sent-3': 'expecting',
      '../evil': 'refused',
      'three-views': 'refused',
    });
    assert.match(upload.exams.find(({ exam }) => exam === 'three-views')?.reason ?? '', /lacks the views/);
    assert.deepEqual(upload.leftOut, ['sent-1/notes.txt']);
    const id = upload.upload;
    const send = (exam: string, file: string, offset: number, body: Uint8Array): Promise<Response> =>
      page.fetch(sendFileUrl(id, exam, file, offset), {
        method: 'PATCH',
        headers: { 'content-type': 'application/octet-stream' },
        body,
      });
    const whole = await bytes('sent-1', 'L_CC.png');
    const half = whole.byteLength >> 1;
    assert.deepEqual(await (await send('sent-1', 'L_CC.png', 0, whole.subarray(0, half))).json(), { received: half });
    // The same piece once more, as after a lost answer: where it goes on is said.
    const repeated = await send('sent-1', 'L_CC.png', 0, whole.subarray(0, half));
    assert.equal(repeated.status, 409);
    const told = (await repeated.json()) as { received: number; error: { code: string } };
    assert.deepEqual([told.received, told.error.code], [half, 'offset-mismatch']);
    // A connection that breaks in the middle of a piece.
    await new Promise<void>((resolve) => {
      const broken = request(
        `${page.address}${sendFileUrl(id, 'sent-1', 'R_CC.png', 0)}`,
        {
          method: 'PATCH',
          headers: {
            cookie: page.cookie(),
            [CSRF_HEADER]: page.csrf(),
            'content-type': 'application/octet-stream',
            'content-length': 300,
          },
        },
        () => undefined,
      );
      broken.on('error', () => resolve());
      broken.write(Buffer.alloc(100));
      setTimeout(() => broken.destroy(), 300);
    });
    // A console that was started again knows as much as the one before.
    const other = await openConsole(system, { session });
    upload = await other.client.upload({ params: { upload: id } });
    await other.close();
    assert.equal(upload.exams[0]?.files.find(({ file }) => file === 'L_CC.png')?.received, half);
    await send('sent-1', 'L_CC.png', half, whole.subarray(half));
    for (const { exam, file, size } of files.slice(0, 12)) {
      const content = await bytes(exam, file);
      let { received } = (await page.client.upload({ params: { upload: id } })).exams
        .find((one) => one.exam === exam)
        ?.files.find((one) => one.file === file) ?? { received: 0 };
      // What came before the break was not the file's: in a real one it would be.
      if (file === 'R_CC.png' && exam === 'sent-1') continue;
      if (received < size)
        received = (await answerOf<{ received: number }>(await send(exam, file, received, content.subarray(received))))
          .received;
      assert.equal(received, size);
    }
    const rest = await refusal(page.client.commitUpload({ params: { upload: id }, body: {} }));
    assert.match(rest.message, /not all here yet, e\.g\. sent-1/);
    const broken = upload.exams[0]?.files.find(({ file }) => file === 'R_CC.png')?.received ?? 0;
    const right = await bytes('sent-1', 'R_CC.png');
    await answerOf(await send('sent-1', 'R_CC.png', broken, right.subarray(broken)));
    upload = await page.client.upload({ params: { upload: id } });
    // The bytes of the break are zeros, if any came: then it is refused, as any damaged file is.
    assert.equal(states(upload)['sent-1'], broken === 0 ? 'good' : 'refused');
    assert.deepEqual([states(upload)['sent-2'], states(upload)['sent-3']], ['refused', 'good']);
    assert.match(upload.exams[1]?.reason ?? '', /R_CC/);
    const { commit, job, exams, refused } = await page.client.commitUpload({
      params: { upload: id },
      body: { message: 'From the reading room' },
    });
    assert.ok(exams.includes('sent-3'));
    assert.ok(refused.some(({ exam }) => exam === 'sent-2'));
    const [newest] = (await page.client.commits({ query: { repo: 'exams', limit: 1 } })).items;
    assert.deepEqual([newest?.commit, newest?.message], [commit, 'From the reading room']);
    assert.equal((await ended(job as string)).exams.failed, 0);
    // Once more is the same answer, and not another commit.
    const twice = await page.client.commitUpload({ params: { upload: id }, body: {} });
    assert.equal(twice.commit, commit);
    await page.client.abandonUpload({ params: { upload: id } });
    assert.equal((await refusal(page.client.upload({ params: { upload: id } }))).status, 404);
  });

  it('bounds uploads in size and number, and keeps a file that is too long out', async () => {
    const sizes = await page.client.beginUpload({
      body: { files: VIEWS.map((view) => ({ exam: 'huge', file: viewFile(view), size: UPLOAD_LIMITS.fileBytes + 1 })) },
    });
    assert.equal(sizes.exams[0]?.state, 'refused');
    const many = await page.fetch('/api/uploads', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        files: Array.from({ length: UPLOAD_LIMITS.files + 1 }, (_, index) => ({
          exam: `e${index}`,
          file: 'L_CC.png',
          size: 1,
        })),
      }),
    });
    assert.equal(many.status, 400);
    const body = await page.fetch('/api/uploads', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ files: [{ exam: 'x'.repeat(2_000_000), file: 'L_CC.png', size: 1 }] }),
    });
    assert.deepEqual(
      [body.status, ((await body.json()) as { error: { code: string } }).error.code],
      [413, 'too-large'],
    );
    const { upload } = await page.client.beginUpload({
      body: { files: VIEWS.map((view) => ({ exam: 'short', file: viewFile(view), size: 10 })) },
    });
    const piece = (content: Uint8Array) =>
      page.fetch(sendFileUrl(upload, 'short', 'L_CC.png', 0), {
        method: 'PATCH',
        headers: { 'content-type': 'application/octet-stream' },
        body: content,
      });
    assert.equal((await piece(Buffer.alloc(11))).status, 413);
    assert.equal((await piece(Buffer.alloc(UPLOAD_LIMITS.pieceBytes + 1))).status, 413);
    const state = await page.client.upload({ params: { upload } });
    assert.equal(state.received, 0, 'nothing of it stays');
    const outside = await page.fetch(sendFileUrl(upload, '..', 'upload.json', 0), {
      method: 'PATCH',
      headers: { 'content-type': 'application/octet-stream' },
      body: Buffer.from('x'),
    });
    assert.ok([400, 404].includes(outside.status));
    for (const { upload: id } of (await page.client.uploads()).items)
      await page.client.abandonUpload({ params: { upload: id } });
  });

  it('hands an upload to the inbox, and shows there what waits and for what', async () => {
    const folder = join(system.folder, 'inbox');
    await mkdir(folder, { recursive: true });
    await tinyExam(folder, 'via-inbox', 3);
    const files = await Promise.all(
      VIEWS.map(async (view) => ({
        file: viewFile(view),
        content: await readFile(join(folder, 'via-inbox', viewFile(view))),
      })),
    );
    const { upload } = await page.client.beginUpload({
      body: { files: files.map(({ file, content }) => ({ exam: 'via-inbox', file, size: content.byteLength })) },
    });
    for (const { file, content } of files) {
      await answerOf(
        await page.fetch(sendFileUrl(upload, 'via-inbox', file, 0), {
          method: 'PATCH',
          headers: { 'content-type': 'application/octet-stream' },
          body: content,
        }),
      );
    }
    const { exams } = await page.client.commitUpload({ params: { upload }, body: { into: 'inbox' } });
    assert.deepEqual(exams, ['via-inbox']);
    await until('it is taken in', async () =>
      (await page.client.items({ params: { repo: 'exams' }, query: { limit: 500 } })).items.some(
        ({ name }) => name === 'via-inbox',
      ),
    );
    const { store } = session.repository;
    const { sha256Hex } = await import('../../../repos/hash.js');
    const [half] = files as [(typeof files)[number]];
    await store.put('inbox/exams/one-view/L_CC.png', half.content, { sha256: sha256Hex(half.content) });
    await until('it waits for a view', async () => {
      const [row] = (await page.client.exams({ query: { search: 'one-view' } })).items;
      return row?.state === 'incomplete';
    });
    const { items } = await page.client.inbox();
    assert.match(items.find(({ name }) => name === 'one-view')?.sentence ?? '', /Waiting for R_CC, L_MLO, R_MLO/);
    await page.client.dismiss({ body: { names: ['one-view'] } });
    assert.equal((await page.client.inbox()).items.length, 0);
    const gone = await refusal(page.client.dismiss({ body: { names: ['one-view'] } }));
    assert.deepEqual([gone.status, gone.code], [404, 'not-found']);
  });

  it('stays usable while Temporal or S3 does not answer, and says so', async () => {
    const { repository } = session;
    const down: Session = {
      ...session,
      client: async () => {
        throw Object.assign(new Error('14 UNAVAILABLE: no connection'), { code: 14 });
      },
    };
    const other = await openConsole(system, { session: down });
    try {
      const jobs = await refusal(other.client.jobs());
      assert.deepEqual([jobs.status, jobs.code], [503, 'service-unavailable']);
      assert.ok((await other.client.exams()).total > 0, 'what Temporal is not needed for goes on');
      assert.equal((await other.client.stages()).items[0]?.workers, null);
    } finally {
      await other.close();
    }
    void repository;
    const collected = await refusal(page.client.exam({ params: { exam: 'good-1' }, query: { ref: 'f'.repeat(64) } }));
    assert.deepEqual([collected.status, collected.code], [404, 'unknown-reference']);
  });
});
