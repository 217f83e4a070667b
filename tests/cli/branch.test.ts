import assert from 'node:assert/strict';
import { moveBranch, releaseBranch } from '../../api/changing/branch.js';
import { setStage } from '../../api/changing/set-stage.js';
import type { BranchRow, MoveOutcome } from '../../index.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { withRepository } from '../support/repository.js';
import { COMMIT_ONLY, failureOf, jsonOf, offlineSession, putTinyExams, textOf } from '../support/verbs.js';

describe('mammoflow branch', () => {
  it('creates, lists, moves and deletes branches', () =>
    withRepository(async (repository, s3) => {
      await putTinyExams(repository, ['a']);
      const main = (await repository.head('main'))?.id as string;
      const parent = (await repository.resolve('main~1')).id;
      assert.match(await textOf(s3, 'branch', 'create', 'trial'), /^branch trial begins at [0-9a-f]{12} \(main\)\n$/);
      await jsonOf(s3, 'branch', 'create', 'old', 'main~1');
      const rows = await jsonOf<BranchRow[]>(s3, 'branch', 'list');
      assert.deepEqual(
        rows.map(({ branch, commit, sequence }) => [branch, commit, sequence]),
        [
          ['main', main, 1],
          ['old', parent, 0],
          ['trial', main, 1],
        ],
      );
      // No exams are at the commit that it moves to, so no job is needed, and none could be started.
      const moved = await jsonOf<MoveOutcome>(s3, 'branch', 'move', 'trial', 'old');
      assert.deepEqual(moved, { branch: 'trial', from: main, commit: parent, job: null });
      const deleted = await textOf(s3, 'branch', 'delete', 'old');
      assert.match(deleted, /^branch old deleted; `mammoflow branch create old [0-9a-f]{12}` brings it back\n$/);
      assert.equal(await repository.head('old'), undefined);
    }));

  it('says from where to where a branch moved when the job that follows cannot be started', () =>
    withRepository(async (repository) => {
      await putTinyExams(repository, ['a']);
      const from = await repository.head('main');
      assert.ok(from);
      await repository.createBranch('trial', from);
      const trial = { ...COMMIT_ONLY, branch: 'trial' };
      const { commit } = await setStage(offlineSession(repository), {
        stage: 'crop',
        parameters: { buffer: 60 },
        ...trial,
      });
      const down = offlineSession(repository, new MammoflowError('service-unavailable', 'Temporal does not answer.'));
      const where = `from ${from.id.slice(0, 12)} to ${commit?.slice(0, 12)}`;
      await assert.rejects(moveBranch(down, { ref: 'trial', process: true, branch: 'main' }), {
        code: 'service-unavailable',
        message: `The branch main is moved ${where}, but its job could not be started: Temporal does not answer.`,
      });
      assert.equal((await repository.head('main'))?.id, commit);
    }));

  it('on hold starts no job whatever commits to it, keeps the hold when it moves, and starts one when it is released', () =>
    withRepository(async (repository, s3) => {
      await putTinyExams(repository, ['a']);
      assert.match(await textOf(s3, 'branch', 'hold', 'main', '--reason', 'a test'), /^branch main is on hold\n/);
      // Temporal must not be asked.
      const session = offlineSession(repository);
      const asked = { branch: 'main', process: true } as const;
      const set = await setStage(session, { stage: 'crop', parameters: { buffer: 60 }, ...asked });
      assert.deepEqual([set.job, set.held], [null, true]);
      const moved = await moveBranch(session, { ref: 'main~1', ...asked, branch: 'main' });
      assert.equal(moved.job, null);
      await moveBranch(session, { ref: set.commit as string, ...COMMIT_ONLY, branch: 'main' });
      const [row] = await jsonOf<BranchRow[]>(s3, 'branch', 'list');
      assert.equal(row?.hold?.reason, 'a test');
      const again = await repository.setHold('main', { since: new Date().toISOString(), author: 'another' });
      assert.deepEqual(again, row?.hold, 'the first hold stays');
      const down = offlineSession(repository, new MammoflowError('service-unavailable', 'Temporal does not answer.'));
      await assert.rejects(
        releaseBranch(down, { ...asked, branch: 'main' }),
        /^MammoflowError: The hold of main is ended, but its job/,
      );
      assert.equal(await repository.holdOf('main'), undefined);
      assert.deepEqual(await releaseBranch(session, { ...COMMIT_ONLY, branch: 'main' }), {
        before: null,
        branch: 'main',
        hold: null,
        job: null,
      });
    }));

  it('keeps main, and refuses unknown and doubled names', () =>
    withRepository(async (repository, s3) => {
      await putTinyExams(repository, ['a']);
      const refusals: readonly [RegExp, ...string[]][] = [
        [/^error: The branch main is not deleted/, 'delete', 'main'],
        [/^error: There is a branch main already\./, 'create', 'main'],
        [/cannot name a branch/, 'create', 'no spaces'],
        [/^error: There is no branch x\. See/, 'move', 'x', 'main'],
        [/no commit or branch "nowhere"/, 'move', 'main', 'nowhere'],
      ];
      await Promise.all(
        refusals.map(async ([message, ...args]) => assert.match(await failureOf(s3, 'branch', ...args), message)),
      );
    }));
});
