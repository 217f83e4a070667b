import assert from 'node:assert/strict';
import { mkdtemp, readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { stages } from '../../../activities/stages/index.js';
import { forget } from '../../../api/changing/forget.js';
import { listResults } from '../../../api/reading/list-results.js';
import type { ForgetOutcome } from '../../../index.js';
import type { Commit } from '../../../pipeline/commit.js';
import { MammoflowError } from '../../../pipeline/errors.js';
import { readErasure } from '../../../repos/erasures.js';
import { sha256Hex } from '../../../repos/hash.js';
import { rootOf } from '../../../repos/repository.js';
import { mammoflow } from '../../support/command.js';
import { blackExam, drawExams } from '../../support/exams.js';
import { pictureStages } from '../../support/picture-stages.js';
import { openTestSystem, PLACEHOLDER, type TestSystem } from '../../support/system.js';
import { until } from '../../support/until.js';

const EXAM = 'exam-withdrawn';

describe('forgetting an exam', () => {
  let system: TestSystem;
  let earlier: Commit;
  let outcome: ForgetOutcome;
  const hashes = new Set<string>();
  const head = async (branch = 'main') => (await system.session.repository.head(branch)) as Commit;
  const results = async (commit: Commit) => listResults(system.session.repository, stages, commit, 'then');
  const forgetIt = (reason?: string) =>
    forget(system.session, {
      exams: [EXAM],
      wait: 40,
      cacheFolder: join(system.folder, 'cache'),
      ...(reason === undefined ? {} : { reason }),
    });
  const versions = async (prefix = '') => {
    const found = [];
    for await (const version of system.session.repository.store.listVersions(prefix)) found.push(version);
    return found;
  };
  const s3 = () => ({
    endpoint: system.environment.AWS_ENDPOINT_URL_S3 ?? '',
    region: system.environment.AWS_REGION ?? '',
    bucket: system.settings.bucket,
    accessKeyId: system.environment.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: system.environment.AWS_SECRET_ACCESS_KEY ?? '',
  });
  /** Every file of the exam, at a commit, in whatever repo. */
  const filesOf = async (commit: Commit) => {
    const { inputs, stages: outputs } = system.session.repository;
    const items = [await inputs.get(rootOf(commit, 'exams'), EXAM)];
    for (const { name } of pictureStages) items.push((await outputs.get(rootOf(commit, name), EXAM)) as never);
    return items.flatMap((item) => item?.files ?? []);
  };
  const cachedFiles = async () => {
    const folders = ['cpu', 'gpu'].map((role) => join(system.folder, 'cache', role, 'files'));
    return (await Promise.all(folders.map((folder) => readdir(folder)))).flat();
  };

  before(async () => {
    system = await openTestSystem();
    await system.startWorkers();
  });
  after(() => system.close());

  it('removes every version of it and of everything made from it, from all branches and every cache', async () => {
    const { repository } = system.session;
    const { store } = repository;
    await system.put('models', PLACEHOLDER);
    // An earlier version of it that was replaced, on a branch of its own.
    await blackExam(join(system.folder, 'black'), EXAM);
    await system.put('exams', join(system.folder, 'black'));
    for (const { sha256 } of await filesOf(await head())) hashes.add(sha256);
    await repository.createBranch('trial', await head());
    await drawExams(join(system.folder, 'first'), [EXAM, 'exam-other']);
    await system.put('exams', join(system.folder, 'first'));
    const summary = await system.process();
    assert.deepEqual(summary.exams, { processed: 2, skipped: 0, failed: 0 });
    earlier = await head();
    for (const { sha256 } of await filesOf(earlier)) hashes.add(sha256);
    assert.equal(hashes.size, 1 + 30, 'one black picture; four views and the output of seven stages');
    await store.put(`inbox/exams/${EXAM}/L_CC.png`, Buffer.from('x'), { sha256: sha256Hex('x') });
    assert.ok((await cachedFiles()).some((name) => hashes.has(name)));
    const other = (await results(earlier)).find(({ exam }) => exam === 'exam-other');

    outcome = await forgetIt('consent withdrawn');

    assert.equal(outcome.exams[0]?.remaining, 0);
    const { removed } = outcome.exams[0] ?? { removed: {} };
    assert.deepEqual(
      Object.keys(removed).sort(),
      [
        'exams',
        ...pictureStages.map(({ name }) => name),
        'datum records',
        'known outcomes',
        'outcomes in jobs',
        'inbox',
      ].sort(),
    );
    assert.equal(removed.exams, 8);
    assert.deepEqual(outcome.commits.map(({ branch }) => branch).sort(), ['main', 'trial']);
    for (const role of ['cpu', 'gpu'])
      assert.ok(outcome.caches.confirmed.includes(`${role}@${hostname()}:${process.pid}`), role);

    // The proof again, by other means: every version in the bucket, by its key and by its bytes.
    for (const { key, versionId, deleteMarker } of await versions()) {
      if (key !== `.mammoflow/erased/${EXAM}.json`) assert.ok(!key.includes(EXAM), key);
      if (deleteMarker) continue;
      const object = await store.get(key, versionId);
      assert.ok(!hashes.has(sha256Hex(object?.bytes ?? '')), key);
    }
    assert.deepEqual(
      (await cachedFiles()).filter((name) => hashes.has(name)),
      [],
    );
    const now = await results(await head());
    assert.deepEqual(now, [other], 'the other exam is as it was');
    assert.equal((await system.process()).exams.skipped, 1);
  });

  it('leaves history readable, with the exam shown as erased', async () => {
    const day = new Date().toISOString().slice(0, 10);
    const [other, shown] = await results(earlier);
    assert.deepEqual([shown?.outcome, shown?.reason, shown?.image], ['failed', `Erased on ${day}.`, undefined]);
    assert.ok(other?.image);
    const at = earlier.id.slice(0, 12);
    const [listed, files, get] = await Promise.all([
      mammoflow(s3(), 'ls', `exams@${at}`),
      mammoflow(s3(), 'ls', `classify@${at}:${EXAM}`, '--json'),
      mammoflow(s3(), 'get', `crop@${at}:${EXAM}`, system.folder),
    ]);
    assert.match(listed.stdout, new RegExp(`${EXAM} +4 +\\d+ +erased on ${day}`));
    assert.doesNotMatch(listed.stdout, /exam-other.*erased/);
    assert.ok((JSON.parse(files.stdout) as { erased?: string }).erased?.startsWith(day));
    assert.equal(get.exitCode, 1);
    assert.match(get.stderr, new RegExp(`Exam ${EXAM}: Erased on ${day}`));
    const note = await readErasure(system.session.repository.store, EXAM);
    assert.deepEqual(
      note?.erasures.map(({ reason }) => reason),
      ['consent withdrawn'],
    );
  });

  it('finds nothing more to remove when it is run again', async () => {
    const again = await forgetIt();
    assert.deepEqual([again.exams[0]?.removed, again.exams[0]?.remaining, again.commits], [{}, 0, []]);
    assert.equal((await readErasure(system.session.repository.store, EXAM))?.erasures.length, 1);
  });

  it('takes an exam of that name put later for a new one, and computes it anew', async () => {
    await system.put('exams', join(system.folder, 'first', EXAM));
    const summary = await system.process();
    assert.deepEqual(summary.exams, { processed: 1, skipped: 1, failed: 0 });
    for (const { name } of pictureStages) assert.equal(summary.stages[name]?.computed, 1, name);
    const result = (await results(await head())).find(({ exam }) => exam === EXAM);
    assert.equal(result?.outcome, 'processed');
    assert.ok(result?.image);
    assert.equal((await results(earlier)).find(({ exam }) => exam === EXAM)?.outcome, 'failed');
  });

  it('stops what a running job does with it, and the job goes on', async () => {
    const { repository } = system.session;
    const folder = await mkdtemp(join(system.folder, 'large-'));
    await drawExams(folder, [EXAM], 50);
    await system.put('exams', folder);
    const running = system.process();
    await until('the exam to be under way', async () => (await versions(`.mammoflow/datums/crop/${EXAM}/`)).length > 1);
    const second = await forgetIt();
    assert.equal(second.exams[0]?.remaining, 0);
    assert.equal(second.cancelled.length, 1);
    const summary = await running;
    assert.equal(summary.status, 'completed');
    for (const { key } of await versions()) {
      if (key !== `.mammoflow/erased/${EXAM}.json`) assert.ok(!key.includes(EXAM), key);
    }
    assert.equal(await repository.inputs.get(rootOf(await head(), 'exams'), EXAM), undefined);
    assert.equal((await readErasure(repository.store, EXAM))?.erasures.length, 2);
  });

  it('removes nothing without --yes, and nothing of exams that it does not know', async () => {
    const count = (await versions()).length;
    await assert.rejects(
      forget(system.session, { exams: ['exam-other', 'exam-unknown'], wait: 1, cacheFolder: system.folder }),
      (error) => error instanceof MammoflowError && error.code === 'not-found' && /exam-unknown/.test(error.message),
    );
    const { exitCode, stdout } = await mammoflow(s3(), 'forget', 'exam-other', '--json');
    assert.equal(exitCode, 0);
    const { exams } = JSON.parse(stdout) as { exams: { wouldRemove: Record<string, number> }[] };
    assert.equal(exams[0]?.wouldRemove.exams, 4);
    const told = await mammoflow(s3(), 'forget', 'exam-other');
    assert.equal(told.exitCode, 0);
    assert.match(told.stdout, /\nNothing was removed\. Add --yes to remove all of it for ever\.\n$/);
    assert.equal((await versions()).length, count);
  });
});
