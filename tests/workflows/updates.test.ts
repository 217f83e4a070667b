import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { landResults } from '../../activities/job/land-results.js';
import type { StageDefinition } from '../../activities/stage.js';
import { stages } from '../../activities/stages/index.js';
import { moveBranch } from '../../api/changing/branch.js';
import { revert } from '../../api/changing/revert.js';
import { setStage } from '../../api/changing/set-stage.js';
import { useBundle } from '../../api/changing/use-bundle.js';
import { waitForJob } from '../../api/jobs/jobs-client.js';
import { type RunningStage, runningStages } from '../../api/jobs/running-stages.js';
import { startJob } from '../../api/jobs/start-job.js';
import { type ExamResult, listResults } from '../../api/reading/list-results.js';
import type { Finding } from '../../infra/diagnosis/finding.js';
import { writePlaceholderBundle } from '../../models/placeholder/placeholder-bundle.js';
import type { Commit } from '../../pipeline/commit.js';
import type { JobSummary } from '../../pipeline/job.js';
import { type RunningWorker, startWorker } from '../../workers/worker.js';
import { drawExams } from '../support/exams.js';
import { pictureStages } from '../support/picture-stages.js';
import { repositoryRoot } from '../support/shared.js';
import { openTestSystem, PLACEHOLDER, type TestSystem } from '../support/system.js';
import { until } from '../support/until.js';

const MAIN = { branch: 'main', process: false } as const;
/** A stage's counts, for `{ crop: [computed, skipped] }`. */
const countsOf = ({ stages: counts }: JobSummary): Record<string, [number, number]> =>
  Object.fromEntries(
    Object.entries(counts).map(([stage, { computed, skipped }]): [string, [number, number]] => [
      stage,
      [computed, skipped],
    ]),
  );

describe('changing what is wanted', () => {
  let system: TestSystem;
  const repository = () => system.session.repository;
  const head = async (branch = 'main') => (await repository().head(branch)) as Commit;
  const results = async (branch = 'main'): Promise<ExamResult[]> =>
    listResults(repository(), stages, await head(branch));
  const use = (bundle: string, exams: 'all' | 'new', branch = 'main') =>
    useBundle(system.session, { bundle: bundle, branch, process: false, for: exams });
  const bundles = async () => Object.fromEntries((await results()).map(({ exam, bundle }) => [exam, bundle]));
  /** Datum records: one for everything that was ever computed. */
  async function datums(): Promise<number> {
    let count = 0;
    for await (const _ of repository().store.list('.mammoflow/datums/')) count += 1;
    return count;
  }
  /** What is told of an exam apart from the job that told it. */
  const content = (list: readonly ExamResult[]) => list.map(({ job: _, ...rest }) => rest);

  before(async () => {
    system = await openTestSystem();
    await system.startWorkers();
    await system.put('models', PLACEHOLDER);
    // One pass makes an exam cheap, and the number of passes is not the point here.
    await setStage(system.session, { stage: 'classify', parameters: { passes: 1 }, ...MAIN });
    await drawExams(join(system.folder, 'first'), ['exam-1', 'exam-2']);
    await system.put('exams', join(system.folder, 'first'));
    const summary = await system.process();
    assert.deepEqual(summary.exams, { processed: 2, skipped: 0, failed: 0 });
  });
  after(() => system.close());

  it('computes no heatmap for a bundle that has the same patch network', async () => {
    const before = await results();
    const folder = join(system.folder, 'classifiers');
    await writePlaceholderBundle(folder, { name: 'classifiers', seeds: { image: 12, imageheatmaps: 13 } });
    await system.put('models', folder);
    const { commit } = await use('classifiers', 'all');
    assert.ok(commit);
    const summary = await system.process();
    assert.deepEqual(countsOf(summary), {
      crop: [0, 2],
      extract_centers: [0, 2],
      check_quality: [0, 2],
      generate_heatmaps: [0, 2],
      check_response: [0, 2],
      // The legend of its pictures names the bundle.
      visualize_heatmaps: [2, 0],
      classify: [2, 0],
    });
    assert.deepEqual(await bundles(), { 'exam-1': 'classifiers', 'exam-2': 'classifiers' });
    assert.notDeepEqual((await results())[0]?.image, before[0]?.image);
  });

  it('computes nothing when a model is put back, and the results are those of before', async () => {
    const [before, with2] = [await datums(), await results()];
    await use('placeholder', 'all');
    const back = await system.process();
    assert.deepEqual(back.exams, { processed: 0, skipped: 2, failed: 0 });
    assert.deepEqual(await bundles(), { 'exam-1': 'placeholder', 'exam-2': 'placeholder' });
    const again = await revert(system.session, { repo: 'pipeline', ref: 'main~1', ...MAIN });
    assert.ok(again.commit);
    assert.deepEqual((await system.process()).exams, { processed: 0, skipped: 2, failed: 0 });
    assert.deepEqual(content(await results()), content(with2));
    const models = await revert(system.session, { repo: 'models', ref: 'main~1', ...MAIN });
    assert.deepEqual(models.changed, ['classifiers'], 'the bundle is gone, and with it its use');
    assert.deepEqual((await system.process()).exams, { processed: 0, skipped: 2, failed: 0 });
    assert.deepEqual(await bundles(), { 'exam-1': 'placeholder', 'exam-2': 'placeholder' });
    assert.equal(await datums(), before);
  });

  it('keeps the model of the exams that are there with --for new, until told --for all', async () => {
    await use('classifiers@main~1', 'new');
    const nothing = await system.process();
    assert.deepEqual(nothing.exams, { processed: 0, skipped: 2, failed: 0 });
    // One that is new and one that changes.
    await drawExams(join(system.folder, 'second'), ['exam-2', 'exam-3'], 3);
    await system.put('exams', join(system.folder, 'second'));
    const before = await datums();
    const summary = await system.process();
    assert.deepEqual(summary.exams, { processed: 2, skipped: 1, failed: 0 });
    assert.equal(await datums(), before + 2 * pictureStages.length);
    assert.deepEqual(await bundles(), { 'exam-1': 'placeholder', 'exam-2': 'classifiers', 'exam-3': 'classifiers' });
    await use('placeholder', 'all');
    const all = await system.process();
    assert.deepEqual(countsOf(all).classify, [2, 1]);
    assert.deepEqual(countsOf(all).generate_heatmaps, [0, 3]);
    assert.deepEqual(await bundles(), { 'exam-1': 'placeholder', 'exam-2': 'placeholder', 'exam-3': 'placeholder' });
  });

  it('re-runs a stage whose parameter changed and what builds on its output, and nothing beside it', async () => {
    await setStage(system.session, { stage: 'extract_centers', parameters: { offset: [40, 0] }, ...MAIN });
    const summary = await system.process();
    assert.deepEqual(countsOf(summary), {
      crop: [0, 3],
      extract_centers: [3, 0],
      check_quality: [0, 3],
      generate_heatmaps: [0, 3],
      check_response: [0, 3],
      visualize_heatmaps: [0, 3],
      classify: [3, 0],
    });
    const before = await datums();
    await setStage(system.session, { stage: 'extract_centers', ...MAIN, reset: true });
    assert.deepEqual((await system.process()).exams, { processed: 0, skipped: 3, failed: 0 });
    assert.equal(await datums(), before);
  });

  it('brings exams back as they were without computing anything, and their results with them', async () => {
    const [then, resultsThen] = [await head(), await results()];
    await drawExams(join(system.folder, 'third'), ['exam-1', 'exam-4'], 70);
    await system.put('exams', join(system.folder, 'third'));
    assert.deepEqual((await system.process()).exams, { processed: 2, skipped: 2, failed: 0 });
    const before = await datums();
    const { changed } = await revert(system.session, { repo: 'exams', ref: then.id, ...MAIN });
    assert.deepEqual([...changed].sort(), ['exam-1', 'exam-4']);
    assert.equal((await results()).find(({ exam }) => exam === 'exam-1')?.outcome, 'waiting');
    assert.deepEqual((await system.process()).exams, { processed: 0, skipped: 3, failed: 0 });
    assert.deepEqual(content(await results()), content(resultsThen));
    assert.equal(await datums(), before);
  });

  it('tries something on a branch, and takes it over for nothing', async () => {
    await repository().createBranch('trial', await head());
    assert.deepEqual(await results('trial'), await results());
    await setStage(system.session, { stage: 'classify', parameters: { passes: 1, seed: 7 }, ...MAIN, branch: 'trial' });
    const summary = await system.process({ branch: 'trial' });
    assert.deepEqual(countsOf(summary).classify, [3, 0]);
    const [main, trial] = [await results(), await results('trial')];
    assert.notDeepEqual(trial[0]?.image, main[0]?.image);
    const [before, from] = [await datums(), await head()];
    const moved = await moveBranch(system.session, { ref: 'trial', process: true, branch: 'main' });
    assert.deepEqual(moved, { branch: 'main', from: from.id, commit: (await head('trial')).id, job: null });
    assert.deepEqual(await results(), trial);
    assert.deepEqual((await system.process()).exams, { processed: 0, skipped: 3, failed: 0 });
    assert.equal(await datums(), before);
    // A job that is still under way on a branch does not bring it back when it is deleted.
    await repository().deleteBranch('trial');
    assert.deepEqual(await landResults(repository(), stages, summary.job, 'trial', ['exam-1']), {
      dropped: ['exam-1'],
    });
    assert.equal(await repository().head('trial'), undefined);
  });

  it('waits, and says for what, until a worker has the queue and the version that a stage is given', async () => {
    await setStage(system.session, { stage: 'extract_centers', ...MAIN, version: '2', queue: 'centers' });
    const client = await system.session.client();
    const job = await startJob(client, await head(), { branch: 'main' });
    const told = async (about: RegExp): Promise<RunningStage | undefined> =>
      (await runningStages(client, job)).find(({ waiting, retrying }) => about.test(waiting ?? retrying ?? ''));
    await until('the queue to be named', () => told(/^no worker serves the task queue centers$/));
    const centers = (await doctor()).find(({ check }) => check === 'centers');
    assert.equal(centers?.outcome, 'warn');
    assert.match(centers?.detail ?? '', /^Nobody serves it: .*, and jobs send extract_centers on main there\.$/);
    const older = await startCenters('1');
    const stage = await until('the version to be named', () => told(/wants version 2 of stage extract_centers/));
    assert.match(stage.retrying ?? '', /this worker has 1\. Start a worker with version 2; the job waits for it\.$/);
    assert.equal(stage.stage, 'extract_centers');
    older.shutdown();
    await older.stopped;
    const newer = await startCenters('2');
    try {
      const summary = await waitForJob(client, repository(), job, () => undefined);
      // The same code under another version writes the same bytes, so nothing after it runs.
      assert.deepEqual(countsOf(summary), {
        crop: [0, 3],
        extract_centers: [3, 0],
        check_quality: [0, 3],
        generate_heatmaps: [0, 3],
        check_response: [0, 3],
        visualize_heatmaps: [0, 3],
        classify: [0, 3],
      });
    } finally {
      newer.shutdown();
      await newer.stopped;
    }
  });

  /** What the real command finds, whether it ends with 0 or 1. */
  async function doctor(): Promise<Finding[]> {
    const command = [join(repositoryRoot, 'bin', 'mammoflow.mjs'), 'doctor', '--json'];
    const run = promisify(execFile)(process.execPath, command, { env: system.environment });
    const { stdout } = await run.catch((ended: { stdout: string }) => ended);
    return JSON.parse(stdout) as Finding[];
  }

  /** A worker for that one stage, of a build in which it has this version. */
  function startCenters(version: string): Promise<RunningWorker> {
    const served = stages.filter(({ name }) => name === 'extract_centers');
    return startWorker({
      role: 'cpu',
      taskQueue: 'centers',
      stages: served.map((stage): StageDefinition => ({ ...stage, version })),
      temporal: system.settings.temporal,
      s3: { config: system.settings.s3.config, bucket: system.settings.bucket },
      cacheFolder: join(system.folder, 'cache', `centers-${version}`),
      cacheBytes: 1e9,
      log: pino({ level: 'silent' }),
    });
  }
});
