import assert from 'node:assert/strict';
import { remove } from '../../api/changing/remove.js';
import { revert } from '../../api/changing/revert.js';
import { setStage } from '../../api/changing/set-stage.js';
import type { RevertOutcome } from '../../index.js';
import { writePipeline } from '../../repos/pipeline-repo.js';
import { rootOf } from '../../repos/repository.js';
import { details, withRepository } from '../support/repository.js';
import { COMMIT_ONLY, failureOf, jsonOf, offlineSession, putTinyExams, textOf } from '../support/verbs.js';

describe('mammoflow revert', () => {
  it('brings removed exams back, says how many changed, and commits nothing the second time', () =>
    withRepository(async (repository, s3) => {
      await putTinyExams(repository, ['a', 'b']);
      const full = await repository.head('main');
      await remove(offlineSession(repository), { repo: 'exams', names: ['a'], ...COMMIT_ONLY });
      const outcome = await jsonOf<RevertOutcome>(s3, 'revert', 'exams', 'main~1', '--no-process', '-m', 'back');
      const head = await repository.head('main');
      assert.deepEqual(outcome, {
        repo: 'exams',
        commit: head?.id,
        job: null,
        revertedTo: full?.id,
        changed: ['a'],
      });
      assert.deepEqual([head?.message, head?.by], ['back', { kind: 'revert' }]);
      assert.deepEqual(rootOf(head, 'exams'), rootOf(full, 'exams'));
      const again = await textOf(s3, 'revert', 'exams', full?.id.slice(0, 12) as string);
      assert.equal(again, `nothing to commit: exams is as it was at ${full?.id.slice(0, 12)}\n`);
    }));

  it('refuses stage repos, unknown references and a pipeline that this build cannot run', () =>
    withRepository(async (repository, s3) => {
      await putTinyExams(repository, ['a']);
      // As a build with another set of stages could have written it.
      const foreign = await repository.commitOnto('main', details, async (roots, sequence) => {
        const document = { schemaVersion: 1, eras: [], stages: { measure_density: { version: '3' } } } as const;
        const pipeline = await writePipeline(
          repository,
          rootOf({ roots }, 'pipeline'),
          { ...document, eras: [] },
          sequence,
        );
        return { roots: { ...roots, pipeline } };
      });
      const to = foreign?.id as string;
      const session = offlineSession(repository);
      await revert(session, { repo: 'pipeline', ref: 'main~1', ...COMMIT_ONLY });
      await setStage(session, { stage: 'crop', parameters: { buffer: 60 }, ...COMMIT_ONLY });
      const before = await repository.head('main');
      await assert.rejects(revert(session, { repo: 'pipeline', ref: to, ...COMMIT_ONLY }), {
        code: 'invalid-pipeline',
        message: /a stage measure_density, which this build does not have/,
      });
      const refusals = [
        [/^error: crop cannot be reverted by itself\. Revert exams, models, pipeline;/, 'crop', 'main~1'],
        [/no commit or branch "nowhere"/, 'exams', 'nowhere'],
        [/^error: main~9 goes back beyond the first commit that changed exams/, 'exams', 'main~9'],
      ] as const;
      await Promise.all(
        refusals.map(async ([message, ...args]) => assert.match(await failureOf(s3, 'revert', ...args), message)),
      );
      assert.deepEqual(await repository.head('main'), before);
    }));
});
