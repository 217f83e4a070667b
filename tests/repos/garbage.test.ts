import assert from 'node:assert/strict';
import { stages } from '../../activities/stages/index.js';
import type { Commit } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { hasWork } from '../../planning/has-work.js';
import { readFileEntry } from '../../repos/committed-files.js';
import { readDatumRecord } from '../../repos/datum-records.js';
import { bytesOf, findGarbage, type Garbage, type GarbageSettings } from '../../repos/garbage.js';
import { sha256Hex } from '../../repos/hash.js';
import { openRepository, type Repository, rootOf, stageReposOf } from '../../repos/repository.js';
import { pictureStages } from '../support/picture-stages.js';
import { details, storeOf, storeText } from '../support/repository.js';
import { type SmallJobs, withSmallJobs } from '../support/small-jobs.js';

const STAGES = pictureStages.map(({ name }) => name);
const DAYS_MS = 86_400_000;

/** As if two days had passed, with nothing kept that only its age would keep. */
const find = (repository: Repository, settings: Partial<GarbageSettings> = {}): Promise<Garbage> =>
  findGarbage(repository, {
    now: Date.now() + 2 * DAYS_MS,
    keepRecordsDays: 0,
    graceHours: 1,
    stages: STAGES,
    runningJobs: async () => [],
    ...settings,
  });

const collect = async (repository: Repository, settings: Partial<GarbageSettings> = {}) =>
  (await find(repository, settings)).remove();

/** Reads every file and record that a commit holds, as a process of its own would. */
async function readAll({ s3 }: SmallJobs, commits: AsyncIterable<Commit> | readonly Commit[]): Promise<number> {
  const store = storeOf(s3);
  const repository = openRepository(store);
  let files = 0;
  try {
    for await (const { id } of commits) {
      const commit = await repository.commit(id);
      for (const repo of ['exams', 'models', 'pipeline']) {
        for await (const item of repository.inputs.items(rootOf(commit, repo)))
          for (const file of item.files) files += (await readFileEntry(store, file)).length > 0 ? 1 : 0;
      }
      for (const repo of stageReposOf(commit.roots)) {
        for await (const item of repository.stages.items(rootOf(commit, repo))) {
          for (const file of item.files) files += (await readFileEntry(store, file)).length > 0 ? 1 : 0;
          assert.ok(await readDatumRecord(store, repo, item.name, item.datum), `${repo} ${item.name}`);
        }
      }
    }
  } finally {
    store.close();
  }
  return files;
}

const historyOf = async (repository: Repository): Promise<Commit[]> => {
  const commits: Commit[] = [];
  for await (const commit of repository.log((await repository.head('main')) as Commit)) commits.push(commit);
  return commits;
};

const keysOf = async (repository: Repository, prefix = ''): Promise<string[]> => {
  const keys: string[] = [];
  for await (const { key } of repository.store.listVersions(prefix)) keys.push(key);
  return keys;
};

describe('freeing object versions that nothing leads to', () => {
  it('removes what was uploaded but never committed, and leaves all history whole', () =>
    withSmallJobs(async (jobs) => {
      const { repository } = jobs;
      await jobs.useBundle('first');
      await jobs.putExams({ a: 'one', b: 'two' });
      await jobs.process('job-1');
      await jobs.putExam('a', 'three');
      await jobs.process('job-2');
      await jobs.useBundle('second');
      await jobs.process('job-3');
      const before = await readAll(jobs, await historyOf(repository));
      await storeText(repository.store, 'exams', 'a', 'L_CC.png', 'never committed');
      await storeText(repository.store, 'crop', 'lost', 'crop.json', 'never recorded');

      const garbage = await find(repository);
      const lost = [...garbage.found].flatMap(([, list]) => list.map(({ key }) => key));
      for (const key of ['exams/a/L_CC.png', 'crop/lost/crop.json']) assert.ok(lost.includes(key), lost.join('\n'));
      assert.equal(bytesOf(garbage.found.get('exams/') ?? []), 'never committed'.length);
      const all = await keysOf(repository);
      assert.equal((await keysOf(repository)).length, all.length, 'finding removes nothing');

      const { removed, stopped } = await garbage.remove();
      assert.equal(stopped, undefined);
      assert.deepEqual(removed.get('exams/'), { versions: 1, bytes: 'never committed'.length });
      assert.equal((await keysOf(repository)).length, all.length - lost.length);
      assert.equal(await readAll(jobs, await historyOf(repository)), before);
      const again = await find(repository);
      assert.deepEqual([...again.found], [], 'a second time there is nothing left');
    }));

  it('leaves records that history uses, so that bringing an old model back computes nothing', () => {
    let computed = 0;
    return withSmallJobs(
      async (jobs) => {
        await jobs.useBundle('first');
        await jobs.putExams({ a: 'one', b: 'two', c: 'three' });
        await jobs.process('job-1');
        await jobs.useBundle('second');
        await jobs.process('job-2');
        await collect(jobs.repository);
        computed = 0;
        await jobs.useBundle('first');
        const back = await jobs.process('job-3');
        assert.equal(computed, 0);
        assert.equal(rootOf(back, 'classify').items, 3);
        await readAll(jobs, [back]);
      },
      {
        stage: ({ stage }, everything) => {
          computed += 1;
          return { files: { [`${stage}.json`]: everything } };
        },
      },
    );
  });

  it('keeps the commits of a deleted branch for as long as records, and then frees what only they had', () =>
    withSmallJobs(async (jobs) => {
      const { repository } = jobs;
      const main = await jobs.putExams({ a: 'one' });
      await repository.createBranch('trial', main);
      const file = await storeText(repository.store, 'exams', 'tried', 'L_CC.png', 'tried');
      const tried = (await repository.commitOnto('trial', details, async (roots, since) => {
        const item = { name: 'tried', files: [file], since };
        return {
          roots: {
            ...roots,
            exams: await repository.inputs.edit(rootOf({ roots }, 'exams'), new Map([['tried', item]])),
          },
        };
      })) as Commit;
      await collect(repository);
      assert.equal(await readAll(jobs, [tried]), 2);
      await repository.deleteBranch('trial');
      await collect(repository, { keepRecordsDays: 30 });
      assert.equal(await readAll(jobs, [tried]), 2, 'it was made two days ago');
      await collect(repository);
      assert.equal(await repository.store.head(file.key, file.versionId), undefined);
      await assert.rejects(openRepository(repository.store).commit(tried.id), /There is no commit/);
      assert.equal(await readAll(jobs, [main]), 1);
    }));

  it('with an age for commits frees the files of older ones, and keeps the newest state and the log', () =>
    withSmallJobs(async (jobs) => {
      const { repository } = jobs;
      await jobs.useBundle('first');
      const old = await jobs.putExams({ a: 'one', b: 'two' });
      await jobs.process('job-1');
      await jobs.putExam('a', 'three');
      const head = await jobs.process('job-2');
      const length = (await historyOf(repository)).length;
      await collect(repository, { keepDays: 1 });
      await readAll(jobs, [head]);
      assert.equal((await historyOf(repository)).length, length);
      await assert.rejects(
        readAll(jobs, [old]),
        (error) => error instanceof MammoflowError && error.code === 'missing-object',
      );
      assert.equal(await hasWork(repository, stages, head), false, 'everything is still there that is wanted');
      await jobs.putExam('c', 'four');
      const after = await jobs.process('job-4');
      assert.equal(rootOf(after, 'classify').items, 3);
      await readAll(jobs, [after]);
      await collect(repository, { keepDays: 1 });
      await collect(repository);
      await readAll(jobs, [after]);
    }));

  it('keeps every record of the exams that a running job has, used or not', () =>
    withSmallJobs(async (jobs) => {
      const { repository } = jobs;
      await jobs.useBundle('first');
      await jobs.putExam('a', 'one');
      await jobs.process('job-1');
      const head = (await repository.head('main')) as Commit;
      // Results that no branch has: those of a job whose exam changed before they landed.
      await repository.createBranch('aside', head);
      await jobs.setParameters('crop', { iterations: 7 });
      await jobs.process('job-2');
      await repository.moveBranch('main', head);
      const running = async () => ['job-2'];
      const records = (await keysOf(repository, '.mammoflow/datums/')).length;
      await collect(repository, { runningJobs: running });
      assert.equal((await keysOf(repository, '.mammoflow/datums/')).length, records);
      assert.ok((await keysOf(repository, '.mammoflow/jobs/job-2/')).length > 0);
      await assert.rejects(find(repository, { runningJobs: running, graceHours: 0.5 }), /Jobs are running \(job-2\)/);
      await assert.rejects(find(repository, { runningJobs: async () => ['new'] }), /new is still being planned/);
      await collect(repository);
      assert.ok((await keysOf(repository, '.mammoflow/datums/')).length < records, 'and frees them afterwards');
      await readAll(jobs, [head]);
    }));

  it('looks again before it removes, and spares what was committed meanwhile', () =>
    withSmallJobs(async (jobs) => {
      const { repository } = jobs;
      await jobs.putExam('a', 'one');
      await repository.store.put('exams/late/L_CC.png', Buffer.from('late'), { sha256: sha256Hex('late') });
      const garbage = await find(repository);
      assert.equal(garbage.found.get('exams/')?.length, 1);
      const commit = await jobs.putExam('late', 'late');
      const { removed } = await garbage.remove();
      assert.equal(removed.get('exams/')?.versions, 0);
      assert.equal(await readAll(jobs, [commit]), 2);
    }));

  it('stops when a job begins', () =>
    withSmallJobs(async (jobs) => {
      const { repository } = jobs;
      await storeText(repository.store, 'exams', 'lost', 'L_CC.png', 'lost');
      let calls = 0;
      const garbage = await find(repository, { runningJobs: async () => (calls++ === 0 ? [] : ['job-9']) });
      const { removed, stopped } = await garbage.remove();
      assert.equal(removed.size, 0);
      assert.match(stopped ?? '', /job-9 began meanwhile/);
      assert.equal((await keysOf(repository, 'exams/')).length, 1);
    }));

  it('touches neither what is young, nor the inbox, nor what is not its own', () =>
    withSmallJobs(async (jobs) => {
      const { repository } = jobs;
      await jobs.putExam('a', 'one');
      for (const key of ['inbox/exams/b/L_CC.png', 'somebody/else', '.mammoflow/unknown/x'])
        await repository.store.put(key, Buffer.from('x'), { sha256: sha256Hex('x') });
      await storeText(repository.store, 'exams', 'new', 'L_CC.png', 'being uploaded');
      assert.deepEqual([...(await find(repository, { now: Date.now() })).found], []);
      assert.deepEqual([...(await find(repository)).found.keys()], ['exams/']);
    }));

  it('refuses to free anything when a part of the newest state is gone', () =>
    withSmallJobs(async (jobs) => {
      const { repository } = jobs;
      const head = await jobs.putExam('a', 'one');
      for await (const version of repository.store.listVersions(`.mammoflow/trees/${rootOf(head, 'exams').tree}`))
        await repository.store.deleteVersions([version]);
      await assert.rejects(find(repository), /gone from the bucket although the newest commit of a branch holds it/);
    }));
});
