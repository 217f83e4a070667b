import assert from 'node:assert/strict';
import type { RemoveOutcome } from '../../index.js';
import { rootOf } from '../../repos/repository.js';
import { withRepository } from '../support/repository.js';
import { failureOf, jsonOf, putTinyExams, textOf } from '../support/verbs.js';

describe('mammoflow rm', () => {
  it('removes exams in one commit and starts no job', () =>
    withRepository(async (repository, s3) => {
      await putTinyExams(repository, ['a', 'b', 'c']);
      // Nothing answers where Temporal should be, so a job could not be started.
      const outcome = await jsonOf<RemoveOutcome>(s3, 'rm', 'exams', 'a', 'c', 'a', '-m', 'not ours');
      const head = await repository.head('main');
      assert.deepEqual(outcome, { repo: 'exams', commit: head?.id, job: null, removed: ['a', 'c'], stillUsed: [] });
      assert.deepEqual([head?.message, head?.by, rootOf(head, 'exams').items], ['not ours', { kind: 'remove' }, 1]);
    }));

  it('says that a bundle stays in use', () =>
    withRepository(async (repository, s3) => {
      await putTinyExams(repository, ['a']);
      const text = await textOf(s3, 'rm', 'models', 'placeholder');
      assert.match(text, /: removed placeholder from models\nplaceholder stays in use .*`mammoflow models use`/);
    }));

  it('tells a person the first ten names of many', () =>
    withRepository(async (repository, s3) => {
      const exams = Array.from({ length: 12 }, (_, index) => `exam-${index + 1}`);
      await putTinyExams(repository, exams);
      const text = await textOf(s3, 'rm', 'exams', ...exams);
      assert.match(text, /: removed exam-1, exam-2, .*, exam-10 and 2 more from exams\n/);
    }));

  it('removes nothing when one name is unknown, or from a repo that jobs fill', () =>
    withRepository(async (repository, s3) => {
      await putTinyExams(repository, ['a']);
      const before = await repository.head('main');
      assert.equal(
        await failureOf(s3, 'rm', 'exams', 'a', 'x'),
        'error: exams on main has no x, so nothing was removed. See `mammoflow ls exams@main`.',
      );
      assert.match(await failureOf(s3, 'rm', 'crop', 'a'), /^error: Nothing is removed from crop by hand\./);
      assert.match(await failureOf(s3, 'rm', 'exams', 'a', '--branch', 'x'), /^error: There is no branch x yet/);
      assert.deepEqual(await repository.head('main'), before);
    }));
});
