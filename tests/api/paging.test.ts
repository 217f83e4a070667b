import assert from 'node:assert/strict';
import { createMammoflow } from '../../api/mammoflow.js';
import { pageOf } from '../../index.js';
import { openInbox } from '../support/inbox.js';
import { withRepository } from '../support/repository.js';
import { withSmallJobs } from '../support/small-jobs.js';
import { offlineSession } from '../support/verbs.js';

/** More than a leaf of the tree holds, so that pages end inside of leaves and between them. */
const EXAMS = Array.from({ length: 150 }, (_, index) => `exam-${index}`);
const PAGE = 7;

/** The keys of a list: all at once, and page by page, each page going on after the last key of the one before. */
async function keysOf<T>(list: (after?: string) => AsyncGenerator<T>, key: (item: T) => string) {
  const whole: string[] = [];
  for await (const item of list()) whole.push(key(item));
  const paged: string[] = [];
  let after: string | undefined;
  do {
    const { items, more } = await pageOf(list(after), PAGE);
    assert.ok(items.length <= PAGE);
    if (more !== undefined) assert.equal(items.length, PAGE, 'only the last page may be short');
    paged.push(...items.map(key));
    assert.ok(paged.length <= 1_000, 'the pages have no end');
    after = more === undefined ? undefined : key(more);
  } while (after !== undefined);
  return { whole, paged };
}

const sorted = (names: readonly string[]): string[] => [...names].sort();

describe('going through lists page by page', () => {
  it('gives every result, exam and commit exactly once, in the order of the whole list', () =>
    withSmallJobs(async ({ repository, s3, putExams, useBundle, process, setParameters }) => {
      const mammoflow = createMammoflow(offlineSession(repository));
      await putExams(Object.fromEntries(EXAMS.map((exam) => [exam, exam])));
      await useBundle('bundle-1');
      await process('job-1', EXAMS.slice(0, 10));
      const inbox = openInbox(s3);
      const lying = Array.from({ length: 9 }, (_, index) => `arrives-${index}`);
      for (const exam of [...lying, 'exam-3']) await inbox.uploadViews(exam, ['L_CC']);
      inbox.close();

      const results = await keysOf(
        (after) => mammoflow.results({ after }),
        ({ exam }) => exam,
      );
      assert.deepEqual(results.paged, results.whole);
      assert.deepEqual(sorted(results.paged), sorted([...EXAMS, ...lying]));

      const ofJob = await keysOf(
        (after) => mammoflow.results({ job: 'job-1', after }),
        ({ exam }) => exam,
      );
      assert.deepEqual(ofJob.paged, ofJob.whole);
      assert.deepEqual(sorted(ofJob.paged), sorted(EXAMS));

      const processed = await keysOf(
        (after) => mammoflow.results({ outcomes: ['processed'], after }),
        ({ exam }) => exam,
      );
      assert.deepEqual(sorted(processed.paged), sorted(EXAMS.slice(0, 10)), 'a page holds only what is asked for');

      const asked = [...EXAMS.slice(100, 120), ...lying.slice(0, 8), 'exam-nowhere'];
      const some = await keysOf(
        (after) => mammoflow.results({ exams: asked, after }),
        ({ exam }) => exam,
      );
      assert.deepEqual(some.paged, some.whole);
      assert.deepEqual(sorted(some.paged), sorted(asked.filter((exam) => exam !== 'exam-nowhere')));

      const items = await keysOf(
        (after) => mammoflow.ls({ repo: 'exams', after }),
        ({ name }) => name,
      );
      assert.deepEqual(items.paged, items.whole);
      assert.deepEqual(sorted(items.paged), sorted(EXAMS));

      for (let passes = 1; passes <= 20; passes += 1) await setParameters('classify', { passes });
      for (const [repo, commits] of [
        [undefined, 23],
        ['pipeline', 21],
      ] as const) {
        const log = await keysOf(
          (after) => mammoflow.log({ repo, after }),
          ({ commit }) => commit,
        );
        assert.deepEqual(log.paged, log.whole);
        assert.equal(new Set(log.paged).size, commits, repo);
      }
    }));

  it('gives exams that only lie in the inbox, before anything is committed', () =>
    withRepository(async (repository, s3) => {
      const mammoflow = createMammoflow(offlineSession(repository));
      const inbox = openInbox(s3);
      const lying = Array.from({ length: 2 * PAGE }, (_, index) => `arrives-${index}`);
      for (const exam of lying) await inbox.uploadViews(exam, ['L_CC']);
      inbox.close();
      const results = await keysOf(
        (after) => mammoflow.results({ after }),
        ({ exam }) => exam,
      );
      assert.deepEqual(results.paged, sorted(lying));
      assert.deepEqual(results.whole, sorted(lying));
    }));

  it('takes as many as a limit says, and none of a page of none', () =>
    withSmallJobs(async ({ repository, putExams }) => {
      const mammoflow = createMammoflow(offlineSession(repository));
      await putExams({ a: 'a', b: 'b' });
      for (const limit of [0, 1, 2, 3]) {
        const results = await pageOf(mammoflow.results({ limit }), 10);
        const items = await pageOf(mammoflow.ls({ repo: 'exams', limit }), 10);
        assert.deepEqual([results.items.length, items.items.length], [Math.min(limit, 2), Math.min(limit, 2)]);
      }
      assert.deepEqual(await pageOf(mammoflow.ls({ repo: 'exams' }), 2).then(({ more }) => more), undefined);
    }));
});
