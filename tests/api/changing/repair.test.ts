import assert from 'node:assert/strict';
import { createBranch } from '../../../api/changing/branch.js';
import { repair } from '../../../api/changing/repair.js';
import { branches } from '../../../api/reading/branches.js';
import { knownDamage } from '../../../api/reading/known-damage.js';
import { type Finding, verify } from '../../../api/reading/verify.js';
import type { Session } from '../../../api/session.js';
import { OUTCOMES } from '../../../pipeline/commit.js';
import { branchKey, commitKey, datumKeyPath, knownOutcomeKey, treeKey } from '../../../repos/layout.js';
import { openRepository, rootOf } from '../../../repos/repository.js';
import { cutOff, flipByte } from '../../support/damage.js';
import { storeOf } from '../../support/repository.js';
import { testServices } from '../../support/services.js';
import { openSmallSystem, SMALL_STAGES, type SmallSystem } from '../../support/small-system.js';

describe('a bucket in which one object of every kind was damaged', () => {
  let system: SmallSystem;
  before(async () => {
    system = await openSmallSystem();
    await system.startSmallWorkers();
  });
  after(() => system.close());

  /** As another process sees it: nothing in memory. */
  async function elsewhere(): Promise<Session> {
    const { s3 } = await testServices();
    const { bucket } = system.session.repository.store;
    const repository = openRepository(storeOf({ ...s3, bucket }));
    return { ...system.session, repository, stages: async () => SMALL_STAGES };
  }
  const what = (findings: readonly Finding[]): string[] => findings.map((finding) => finding.what).sort();

  it('has everything derived healed, and every lost input named, until the same files are put again', async () => {
    const { repository } = system.session;
    const { bucket } = repository.store;
    await system.useModel('red', 'all');
    await system.putScan(['a'], '23');
    await system.putScan(['b', 'c'], '17');
    await system.process();
    await createBranch({ ...system.session }, { branch: 'trial', ref: 'main' });
    const head = await repository.head('main');
    assert.ok(head?.parent);
    const whole = await verify(await elsewhere(), { deep: true });
    assert.deepEqual([whole.damaged, whole.missing], [[], []]);
    assert.ok(whole.objects > 20);

    const item = async (stage: string, exam: string) => {
      const found = await repository.stages.get(rootOf(head, stage), exam);
      assert.ok(found);
      return found;
    };
    const outcome = await repository.outcomes.get(rootOf(head, OUTCOMES), 'c');
    await flipByte(bucket, 'exams/a/scan.txt');
    // The bucket has its bytes once more, as those of another exam.
    await flipByte(bucket, 'exams/c/scan.txt');
    await flipByte(bucket, (await item('measure', 'b')).files[0]?.key ?? '');
    await cutOff(bucket, datumKeyPath('weigh', 'b', (await item('weigh', 'b')).datum));
    await cutOff(bucket, knownOutcomeKey('c', outcome?.wanted ?? ''));
    const lost = (await item('report', 'c')).files;
    await repository.store.deleteVersions(lost);
    await flipByte(bucket, treeKey(rootOf(head, 'report').tree ?? ''));
    await flipByte(bucket, commitKey(head.parent));
    await flipByte(bucket, branchKey('main'));

    const rows = [];
    for await (const { branch, damage } of branches(await elsewhere())) rows.push([branch, damage === undefined]);
    assert.deepEqual(rows, [
      ['trial', true],
      ['main', false],
    ]);
    const shallow = await verify(await elsewhere(), { target: 'trial' });
    assert.ok(!what(shallow.damaged).includes('scan.txt of exams/a'), 'what the server says of it is as it was');
    const found = await verify(await elsewhere(), { target: 'trial', deep: true });
    assert.deepEqual(what(found.damaged), [
      'commit',
      'datum record of weigh/b',
      'known outcome of c',
      'measure.json of measure/b',
      'scan.txt of exams/a',
      'scan.txt of exams/c',
      'tree of report',
    ]);
    assert.deepEqual(found.damaged.find(({ what: is }) => is === 'scan.txt of exams/a')?.exam, 'a');

    const outcomeOfRepair = await repair(await elsewhere(), { deep: true });
    assert.ok(outcomeOfRepair.job);
    assert.deepEqual(what(outcomeOfRepair.damaged), ['commit', 'scan.txt of exams/a']);
    assert.deepEqual(outcomeOfRepair.missing, []);
    for (const part of [
      'branch main',
      'scan.txt of exams/c',
      'tree of report',
      'datum record of weigh/b',
      'measure.json of measure/b',
    ])
      assert.ok(what(outcomeOfRepair.repaired).includes(part), part);
    const [commit, scan] = [...outcomeOfRepair.damaged].sort((x, y) => (x.what < y.what ? -1 : 1));
    assert.match(commit?.next ?? '', /newest whole commit is [0-9a-f]{12}/);
    assert.match(scan?.next ?? '', /Put the same files of a again/);
    assert.deepEqual(
      (await knownDamage((await elsewhere()).repository)).map(({ branch }) => branch),
      ['main', 'trial'],
    );

    await system.putScan(['a'], '23');
    await system.process();
    const last = await verify(await elsewhere(), { deep: true });
    assert.deepEqual(what([...last.damaged, ...last.missing]), ['commit']);
    const exam = await verify(await elsewhere(), { target: 'b', deep: true });
    assert.deepEqual([...exam.damaged, ...exam.missing], []);
  });
});
