import assert from 'node:assert/strict';
import { setDestination } from '../../api/changing/set-destination.js';
import { setStage } from '../../api/changing/set-stage.js';
import { stageQueues } from '../../api/stage-queues.js';
import type { Commit } from '../../pipeline/commit.js';
import { withRepository } from '../support/repository.js';
import { COMMIT_ONLY, offlineSession, putTinyExams } from '../support/verbs.js';

describe('the task queues that stages have been given', () => {
  it('are those of all branches, each with what is sent there, without the queues of the roles', () =>
    withRepository(async (repository) => {
      const session = offlineSession(repository);
      await putTinyExams(repository, ['exam-1']);
      assert.deepEqual(await stageQueues(repository), []);
      await repository.createBranch('trial', (await repository.head('main')) as Commit);
      await setStage(session, { stage: 'crop', ...COMMIT_ONLY, queue: 'pictures' });
      await setStage(session, { stage: 'classify', ...COMMIT_ONLY, queue: 'mammoflow-cpu' });
      await setStage(session, { stage: 'visualize_heatmaps', ...COMMIT_ONLY, branch: 'trial', queue: 'pictures' });
      assert.deepEqual(await stageQueues(repository), [
        { queue: 'pictures', uses: ['crop on main', 'visualize_heatmaps on trial'] },
      ]);
      const node = { kind: 'association', host: 'pacs', port: 104, calledTitle: 'ARCHIVE' };
      await setDestination(session, { destination: 'pacs', settings: node, branch: 'trial' });
      assert.deepEqual((await stageQueues(repository)).at(-1), {
        queue: 'mammoflow-delivery',
        uses: ['deliveries on trial'],
      });
    }));
});
