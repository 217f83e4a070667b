import assert from 'node:assert/strict';
import { createMammoflow } from '../../api/mammoflow.js';
import { pageOf } from '../../api/page.js';
import { openInbox } from '../support/inbox.js';
import { withRepository } from '../support/repository.js';
import { offlineSession, putTinyExams } from '../support/verbs.js';

const EXAMS = Array.from({ length: 7 }, (_, index) => `exam-${index}`);

/** Goes through a list in pages of two. @returns the keys in the order in which they came. */
async function inPages<T>(list: (after: string | undefined) => AsyncGenerator<T>, keyOf: (item: T) => string) {
  const keys: string[] = [];
  let after: string | undefined;
  for (;;) {
    const { items, more } = await pageOf(list(after), 2);
    keys.push(...items.map(keyOf));
    if (more === undefined) return keys;
    assert.equal(items.length, 2);
    after = keyOf(more);
  }
}

describe('lists that are paged by key', function () {
  this.timeout(60_000);

  it('give everything exactly once, also exams that only lie in the inbox', () =>
    withRepository(async (repository, s3) => {
      await putTinyExams(repository, EXAMS);
      const inbox = openInbox(s3);
      for (const exam of ['exam-3', 'new-1', 'new-2', 'new-3']) await inbox.uploadViews(exam, ['L_CC']);
      const mammoflow = createMammoflow(offlineSession(repository));

      const results = await inPages(
        (after) => mammoflow.results({ after }),
        ({ exam }) => exam,
      );
      assert.deepEqual([...results].sort(), [...EXAMS, 'new-1', 'new-2', 'new-3']);
      assert.deepEqual(results.slice(EXAMS.length), ['new-1', 'new-2', 'new-3']);

      const names = await inPages(
        (after) => mammoflow.ls({ repo: 'exams', after }),
        ({ name }) => name,
      );
      assert.deepEqual(names, results.slice(0, EXAMS.length), 'the order of the tree');

      const commits = await inPages(
        (after) => mammoflow.log({ after }),
        ({ commit }) => commit,
      );
      assert.equal(commits.length, 2);
      assert.equal(commits[0], (await repository.head('main'))?.id);
      inbox.close();
    }));

  it('filter exams by name, outcome and probability', () =>
    withRepository(async (repository) => {
      await putTinyExams(repository, EXAMS);
      const mammoflow = createMammoflow(offlineSession(repository));
      const examsOf = async (options: Parameters<typeof mammoflow.results>[0]): Promise<string[]> => {
        const exams: string[] = [];
        for await (const { exam } of mammoflow.results(options)) exams.push(exam);
        return exams.sort();
      };
      assert.deepEqual(await examsOf({ exams: ['exam-5', 'nosuch', 'exam-1'] }), ['exam-1', 'exam-5']);
      assert.deepEqual(await examsOf({ outcomes: ['waiting'] }), EXAMS);
      assert.deepEqual(await examsOf({ outcomes: ['failed', 'processed'] }), []);
      assert.deepEqual(await examsOf({ above: 0 }), []);
      assert.equal((await examsOf({ limit: 3 })).length, 3);
    }));
});
