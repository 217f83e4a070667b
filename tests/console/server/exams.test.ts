import assert from 'node:assert/strict';
import { join } from 'node:path';
import { createMammoflow } from '../../../api/mammoflow.js';
import { COLUMNS_HEADER, fileUrl, heatmapUrl, pixelsUrl, ROWS_HEADER } from '../../../console/contract/binary.js';
import type { ExamRow, ExamsQuery } from '../../../console/contract/exams.js';
import { segmentsOfExam } from '../../../repos/headlines.js';
import { fileKey, headlinesPrefix } from '../../../repos/layout.js';
import { landDrawn, TINY, tinyExam, tinyPixels } from '../../support/classified-exams.js';
import { openConsole, refusal, type TestConsole } from '../../support/consoles.js';
import { openTestSystem, PLACEHOLDER, type TestSystem } from '../../support/system.js';

describe('the console: exams, pictures and what is versioned', () => {
  let system: TestSystem;
  let page: TestConsole;
  const put = async (...exams: readonly string[]): Promise<string> => {
    const folder = join(system.folder, `put-${exams.join('-').slice(0, 60)}-${Math.random().toString(36).slice(2)}`);
    for (const [index, exam] of exams.entries()) await tinyExam(folder, exam, index + 1);
    const { commit } = await system.put('exams', folder);
    return commit as string;
  };
  const list = async (query: ExamsQuery = {}): Promise<ExamRow[]> => (await page.client.exams({ query })).items;

  before(async () => {
    system = await openTestSystem();
    page = await openConsole(system, { ui: 'http://127.0.0.1:8233' });
  });
  after(async () => {
    await page?.close();
    await system?.close();
  });

  it('begins empty: no commit, no exams, and stages as this build has them', async () => {
    const { items, total, commit } = await page.client.exams();
    assert.deepEqual([items, total, commit], [[], 0, null]);
    const { head, items: rows } = await page.client.stages();
    assert.equal(head, null);
    assert.deepEqual(rows.find(({ stage }) => stage === 'classify')?.upstream.includes('generate_heatmaps'), true);
  });

  it('lists exams with state, probabilities, warnings and when they arrived, and follows the branch as it moves', async () => {
    await system.put('models', PLACEHOLDER);
    await put('exam-a', 'exam-b', 'exam-c', 'exam-d');
    const before = await list({ sort: 'exam' });
    assert.deepEqual(
      before.map(({ exam, state }) => `${exam} ${state}`),
      ['exam-a queued', 'exam-b queued', 'exam-c queued', 'exam-d queued'],
    );
    const warning = { code: 'sharpness', view: 'L_CC' as const, message: 'L_CC is blurred.' };
    const ofNetwork = { code: 'model-response', view: 'R_CC' as const, message: 'It answers as never before.' };
    await landDrawn(system.session.repository, 'job-1', {
      'exam-a': { probability: 0.9 },
      'exam-b': { probability: 0.2, warnings: [warning, ofNetwork] },
      'exam-c': { fails: 'The view L_CC is black.' },
    });
    const rows = new Map((await list()).map((row) => [row.exam, row] as const));
    assert.equal(rows.get('exam-a')?.state, 'done');
    assert.deepEqual(rows.get('exam-a')?.imageheatmaps?.left_malignant, 0.9);
    assert.deepEqual(rows.get('exam-a')?.image?.right_benign, 0.45);
    assert.deepEqual(rows.get('exam-b')?.warnings, [warning, ofNetwork], 'of both stages that look');
    assert.equal(rows.get('exam-c')?.state, 'failed');
    assert.match(rows.get('exam-c')?.reason ?? '', /is black/);
    assert.equal(rows.get('exam-c')?.imageheatmaps, null);
    assert.equal(rows.get('exam-d')?.state, 'queued');
    assert.ok(!Number.isNaN(Date.parse(rows.get('exam-a')?.arrived ?? '')));
    // What the command lists is the same.
    for await (const { exam, imageheatmaps } of createMammoflow(system.session).results()) {
      assert.deepEqual(rows.get(exam)?.imageheatmaps ?? undefined, imageheatmaps, exam);
    }
  });

  it('pages by key over any filter and order, with counts that the pages add up to', async () => {
    await put(...Array.from({ length: 23 }, (_, index) => `many-${String(index).padStart(2, '0')}`));
    const results = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`many-${String(index).padStart(2, '0')}`, { probability: index / 40 }]),
    );
    await landDrawn(system.session.repository, 'job-2', results);
    for (const query of [
      { sort: 'highest' },
      { sort: 'lowest', search: 'MANY' },
      { sort: 'failed', state: ['failed', 'done'] },
      { sort: 'newest', job: 'job-2' },
      { sort: 'exam', threshold: 0.25, label: 'left_malignant' },
    ] satisfies ExamsQuery[]) {
      const whole = await page.client.exams({ query: { ...query, limit: 500 } });
      const paged: string[] = [];
      let after: string | undefined;
      do {
        const { items, next, total } = await page.client.exams({ query: { ...query, limit: 4, after } });
        assert.equal(total, whole.total);
        paged.push(...items.map(({ exam }) => exam));
        after = next;
      } while (after !== undefined);
      assert.deepEqual(
        paged,
        whole.items.map(({ exam }) => exam),
        JSON.stringify(query),
      );
      assert.equal(new Set(paged).size, whole.total);
    }
    const [highest] = await list({ sort: 'highest' });
    assert.equal(highest?.exam, 'exam-a');
    const [failed] = await list({ sort: 'failed' });
    assert.equal(failed?.exam, 'exam-c');
    const { counts, total } = await page.client.exams({ query: { state: ['queued'] } });
    assert.deepEqual([counts.done, counts.failed, counts.queued, total], [22, 1, 4, 4]);
    const stale = await refusal(page.client.exams({ query: { sort: 'exam', after: 'bm9uc2Vuc2U' } }));
    assert.deepEqual([stale.status, stale.code], [400, 'invalid-argument']);
  });

  it('shows an exam with where its pictures are, how it came about, and its history, each state of which opens', async () => {
    const detail = await page.client.exam({ params: { exam: 'exam-a' } });
    const view = detail.views.find((one) => one.view === 'R_MLO');
    assert.deepEqual(
      [view?.size, view?.croppedSize, view?.mirror],
      [[TINY.rows, TINY.columns], [TINY.rows, TINY.columns], false],
    );
    assert.deepEqual(view?.crop, { top: 0, bottom: TINY.rows, left: 0, right: TINY.columns });
    // Right breasts point left on disk, so their window is mirrored: column 4 of training orientation.
    assert.deepEqual(view?.bestCenter?.center, [12, TINY.columns - 1 - 4]);
    assert.deepEqual(view?.bestCenter?.left, TINY.columns - (4 - 1748 / 2) - 1748);
    const classified = detail.stages.find(({ stage }) => stage === 'classify');
    assert.deepEqual([classified?.status, classified?.why], ['computed', ['new exam']]);
    assert.match(classified?.temporal ?? '', /\/namespaces\/[\w-]+\/workflows\/job-1%2Fexam-a$/);
    const history = await page.client.examHistory({ params: { exam: 'exam-a' } });
    assert.deepEqual(
      history.items.map(({ changed }) => changed),
      [['results', 'outcome'], ['files']],
    );
    const [, first] = history.items;
    const then = await page.client.exam({ params: { exam: 'exam-a' }, query: { ref: first?.commit as string } });
    assert.equal(then.row.state, 'queued');
    const gone = await refusal(page.client.exam({ params: { exam: 'exam-zz' } }));
    assert.deepEqual([gone.status, gone.code], [404, 'not-found']);
  });

  it('gives pixels as 16 bits and coarser levels by means, heatmaps as float32, each cached for ever', async () => {
    const detail = await page.client.exam({ params: { exam: 'exam-a' } });
    const view = detail.views[0] as (typeof detail.views)[number];
    for (const encoding of ['gzip', 'raw'] as const) {
      const response = await page.fetch(pixelsUrl('exams', 'exam-a', view.view, view.original as never, { encoding }));
      assert.equal(response.status, 200);
      assert.match(response.headers.get('cache-control') ?? '', /immutable/);
      assert.equal(response.headers.get('content-encoding'), encoding === 'gzip' ? 'gzip' : null);
      assert.deepEqual(new Uint16Array(await response.arrayBuffer()), tinyPixels(1));
    }
    const png = await page.fetch(pixelsUrl('exams', 'exam-a', view.view, view.original as never, { encoding: 'png' }));
    assert.equal(png.headers.get('content-type'), 'image/png');
    const coarse = await page.fetch(pixelsUrl('exams', 'exam-a', view.view, view.original as never, { level: 3 }));
    assert.deepEqual([coarse.headers.get(ROWS_HEADER), coarse.headers.get(COLUMNS_HEADER)], ['3', '2']);
    // The mean of rows 0 to 7 and columns 0 to 7 of 1000 + 16 row + column.
    assert.equal(new Uint16Array(await coarse.arrayBuffer())[0], Math.round(1_000 + 16 * 3.5 + 3.5));
    const heatmap = await page.fetch(heatmapUrl('exam-a', view.view, view.heatmap as never, { class: 'malignant' }));
    const values = new Float32Array(await heatmap.arrayBuffer());
    assert.equal(values.length, TINY.rows * TINY.columns);
    assert.deepEqual([values[2 * TINY.columns + 3], values[0]], [Math.fround(0.9), 0]);
  });

  it('does not give bytes that are not those that were committed, nor what lies outside a repo', async () => {
    const detail = await page.client.exam({ params: { exam: 'exam-a' } });
    const { original } = detail.views[0] as (typeof detail.views)[number];
    const wrong = await page.fetch(
      pixelsUrl('exams', 'exam-a', 'L_CC', {
        ...(original as { versionId: string; sha256: string }),
        sha256: '0'.repeat(64),
      } as never),
    );
    assert.equal(wrong.status, 502);
    assert.equal(((await wrong.json()) as { error: { code: string } }).error.code, 'corrupt-data');
    const missing = await page.fetch(
      pixelsUrl('exams', 'exam-a', 'L_CC', { versionId: 'nothing', sha256: '0'.repeat(64) }),
    );
    assert.equal(missing.status, 410);
    for (const path of [
      `/api/pixels/exams/${encodeURIComponent('../models')}/L_CC/x?sha256=${'0'.repeat(64)}`,
      `/api/exams/${encodeURIComponent('<script>alert(1)</script>')}`,
      `/api/exams/${encodeURIComponent('..')}`,
      `/api/files/exams/exam-a?file=${encodeURIComponent('../../.mammoflow/branches/main.json')}`,
      `/api/files/${encodeURIComponent('.mammoflow')}/branches?file=main.json`,
    ]) {
      const response = await page.fetch(path);
      assert.ok([400, 404].includes(response.status), `${path}: ${response.status}`);
      assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
      assert.doesNotMatch(await response.text(), /<script>/);
    }
  });

  it('downloads a file as it was at a state, to be saved and not shown', async () => {
    const response = await page.fetch(fileUrl('classify', 'exam-a', 'predictions.json'));
    assert.match(response.headers.get('content-disposition') ?? '', /^attachment; filename="exam-a-predictions.json"$/);
    assert.equal(((await response.json()) as { exam: string }).exam, 'exam-a');
    const { items } = await page.client.items({ params: { repo: 'exams' }, query: { limit: 10 } });
    assert.equal(items.length, 10);
    const { files } = await page.client.item({ params: { repo: 'exams', item: 'exam-a' } });
    assert.deepEqual(files.map(({ path }) => path).sort(), ['L_CC.png', 'L_MLO.png', 'R_CC.png', 'R_MLO.png']);
    const { items: repos } = await page.client.repos();
    assert.deepEqual(repos.find(({ repo }) => repo === 'exams')?.items, 27);
  });

  it('tells what a change would recompute before it is made, and makes it only on the head that was seen', async () => {
    const { items: commits } = await page.client.commits({ query: { repo: 'exams' } });
    assert.ok(commits.length >= 2);
    const preview = await page.client.preview({
      body: { change: 'stage', stage: 'classify', parameters: { passes: 7 } },
    });
    // The four that were never processed want everything, the others their classification.
    assert.equal(preview.compute, 27);
    assert.deepEqual(
      preview.stages.find(({ stage }) => stage === 'classify'),
      { stage: 'classify', exams: 27, after: false },
    );
    assert.ok((preview.seconds ?? 0) > 0);
    assert.match(preview.sentence, /^27 exams, \d+ stages?, about .* at the current rate/);
    const { commit: head } = await page.client.repos();
    assert.equal(head, preview.head, 'a preview changes nothing');

    await page.client.setStage({
      params: { stage: 'classify' },
      body: { parameters: { passes: 7 }, head, message: 'More passes' },
    });
    const [newest] = (await page.client.commits({ query: { limit: 1 } })).items;
    assert.deepEqual([newest?.message, newest?.author], ['More passes', system.session.author]);
    assert.equal((await list({ search: 'exam-a' }))[0]?.state, 'stale');
    assert.equal((await list({ search: 'exam-a' }))[0]?.imageheatmaps?.left_benign, 0.9);

    const late = await refusal(
      page.client.setStage({ params: { stage: 'classify' }, body: { parameters: { passes: 9 }, head } }),
    );
    assert.deepEqual([late.status, late.code], [409, 'branch-moved']);
    assert.match(late.message, new RegExp(`was changed meanwhile by ${system.session.author}`));

    const back = await page.client.preview({ body: { change: 'revert', repo: 'pipeline', ref: 'main~1' } });
    assert.ok(back.unchanged >= 22, 'results of before belong to it again');
    const reverted = await page.client.revert({
      params: { repo: 'pipeline' },
      body: { ref: 'main~1', head: back.head },
    });
    assert.notEqual(reverted.commit, null);
    // The job that follows finds no worker here; it would land what is known.
    assert.equal((await list({ search: 'exam-a' }))[0]?.state, 'done');
  });

  it('compares two states: points, distribution, movers, who crossed, and one exam', async () => {
    const { commit: before } = await page.client.repos();
    await tinyExam(join(system.folder, 'other'), 'exam-a', 50);
    await system.put('exams', join(system.folder, 'other'));
    await landDrawn(system.session.repository, 'job-3', { 'exam-a': { probability: 0.3 } });
    const compared = await page.client.compare({ query: { before, after: 'main' } });
    assert.deepEqual([compared.differ, compared.points.exams], [1, ['exam-a']]);
    assert.deepEqual([compared.points.before, compared.points.after], [[0.9], [0.3]]);
    assert.deepEqual(
      compared.crossings.map(({ exam }) => exam),
      ['exam-a'],
    );
    const distribution = compared.distributions.find(
      ({ label, variant }) => label === 'left_malignant' && variant === 'imageheatmaps',
    );
    assert.equal(
      distribution?.signed.reduce((sum, count) => sum + count, 0),
      1,
    );
    const one = await page.client.compareExam({ params: { exam: 'exam-a' }, query: { before, after: 'main' } });
    assert.deepEqual(
      [one.before?.row.imageheatmaps?.left_benign, one.after?.row.imageheatmaps?.left_benign],
      [0.9, 0.3],
    );
    const malignant = one.heatmaps.find((heatmap) => heatmap.class === 'malignant');
    assert.deepEqual(malignant?.at, [2, 3]);
    const nowhere = await refusal(page.client.compare({ query: { before: 'nowhere', after: 'main' } }));
    assert.deepEqual([nowhere.status, nowhere.code], [404, 'unknown-reference']);
  });

  it('shows a model, for how many exams it is in use and since when', async () => {
    const { items } = await page.client.models();
    const [model] = items;
    assert.deepEqual([model?.current, model?.uses[0]?.exams], [true, 27]);
    assert.ok(!Number.isNaN(Date.parse(model?.uses[0]?.since ?? '')));
    const { card } = await page.client.model({ params: { bundle: model?.bundle as string } });
    assert.equal(card.name, model?.bundle);
  });

  it('moves branches, and says where they are', async () => {
    const { commit: head } = await page.client.repos();
    await page.client.createBranch({ body: { branch: 'trial', ref: 'main~1' } });
    const moved = await page.client.moveBranch({ params: { branch: 'trial' }, body: { ref: 'main' } });
    assert.equal(moved.commit, head);
    const { items } = await page.client.branches();
    assert.deepEqual(
      items.map(({ branch }) => branch),
      ['main', 'trial'],
    );
    await page.client.deleteBranch({ params: { branch: 'trial' } });
  });

  it('shows what is damaged as damaged, and no number in its place', async () => {
    const { repository } = system.session;
    const [file] = (await page.client.item({ params: { repo: 'classify', item: 'many-07' } })).files.filter(
      ({ path }) => path === 'predictions.json',
    );
    await repository.store.deleteVersions([
      { key: fileKey('classify', 'many-07', 'predictions.json'), versionId: file?.versionId as string },
    ]);
    // Lists go by what they read before, until somebody reads the file.
    for await (const version of repository.store.listVersions(headlinesPrefix))
      await repository.store.deleteVersions([version]);
    // Another reader, without anything in memory.
    const other = await openConsole(system, { session: { ...system.session, repository: { ...repository } } });
    try {
      const [row] = (await other.client.exams({ query: { search: 'many-07' } })).items;
      assert.deepEqual([row?.state, row?.imageheatmaps], ['damaged', null]);
      assert.match(row?.reason ?? '', /gone from the bucket/);
    } finally {
      await other.close();
    }
    // It left word, so that those who had read it before know it too.
    assert.equal((await list({ search: 'many-07' }))[0]?.state, 'damaged');
  });

  it('keeps nothing of an exam that is forgotten, and rebuilds what lists are made from', async () => {
    const { repository } = system.session;
    const { store } = repository;
    const mammoflow = createMammoflow(system.session);
    const [before] = await list({ search: 'exam-b' });
    assert.equal(before?.imageheatmaps?.left_malignant, 0.2);
    await put(...Array.from({ length: 30 }, (_, index) => `more-${index}`));
    await landDrawn(
      repository,
      'job-4',
      Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`more-${index}`, {}])),
    );
    for await (const _ of mammoflow.results());
    const having = async (): Promise<number> => {
      let segments = 0;
      for await (const _ of segmentsOfExam(store, 'exam-b')) segments += 1;
      return segments;
    };
    assert.ok((await having()) > 0, 'the exam is in what lists are made from');
    const { commit: then } = await page.client.repos();
    await page.client.exams({ query: { ref: then } });
    await mammoflow.forget({ exams: ['exam-b'], wait: 0 });
    assert.equal(await having(), 0);
    assert.deepEqual(await list({ search: 'exam-b' }), []);
    const [past] = (await page.client.exams({ query: { ref: then, search: 'exam-b' } })).items;
    assert.deepEqual([past?.state, past?.imageheatmaps, past?.image], ['erased', null, null]);

    for await (const version of store.listVersions(headlinesPrefix)) await store.deleteVersions([version]);
    const numbers = async (): Promise<number> => {
      let count = 0;
      for await (const { image } of mammoflow.results()) count += image === undefined ? 0 : 1;
      return count;
    };
    const rebuilt = await numbers();
    assert.equal(rebuilt, await numbers(), 'from files, and from what was written then, it is the same');
    let segments = 0;
    for await (const _ of store.list(headlinesPrefix)) segments += 1;
    assert.ok(segments > 0);
  });
});
