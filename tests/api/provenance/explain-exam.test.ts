import assert from 'node:assert/strict';
import { stages } from '../../../activities/stages/index.js';
import { compareResults } from '../../../api/comparison/compare-results.js';
import { type ExamExplanation, type ExplainOptions, explainExam } from '../../../api/provenance/explain-exam.js';
import { traceFile } from '../../../api/provenance/trace-file.js';
import type { Commit } from '../../../pipeline/commit.js';
import { type ErrorCode, ExamError, MammoflowError } from '../../../pipeline/errors.js';
import { findTraces, markErased, removeTraces } from '../../../repos/forget-exam.js';
import { fileKey, knownOutcomesPrefix } from '../../../repos/layout.js';
import { mammoflow } from '../../support/command.js';
import { pictureStages } from '../../support/picture-stages.js';
import { type SmallJobs, type SmallStage, smallStage, withSmallJobs } from '../../support/small-jobs.js';

/** The exam as the head of `main` has it. */
async function explain({ repository }: SmallJobs, exam: string, options?: ExplainOptions): Promise<ExamExplanation> {
  const head = await repository.head('main');
  assert.ok(head);
  return explainExam(repository, stages, head, exam, options);
}

const tell = ({ stages: told }: ExamExplanation): string[] =>
  told.map(({ stage, status, why }) => `${stage} ${status}: ${why.join('; ')}`);

const stageOf = ({ stages: told }: ExamExplanation, name: string) => {
  const found = told.find(({ stage }) => stage === name);
  assert.ok(found, name);
  return found;
};

const fails = (code: ErrorCode, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof MammoflowError, String(error));
  assert.equal(error.code, code);
  assert.match(error.sentence, message);
  return true;
};

/** An exam, processed with a bundle by the first job. */
async function processOne(jobs: SmallJobs): Promise<Commit> {
  await jobs.useBundle('first');
  await jobs.putExam('exam-1', 'one');
  return jobs.process('job-1');
}

/** A centre that does not depend on the image, as for most exams when it is sought with another offset. */
const steadyCenters: SmallStage = (run, everything) =>
  run.stage === 'extract_centers' ? { files: { 'centers.json': 'the middle' } } : smallStage(run, everything);

describe('explaining an exam', () => {
  it('tells of a new exam what made each stage: inputs, model files, parameters, job, worker and time', () =>
    withSmallJobs(async (jobs) => {
      await jobs.useBundle('first');
      await jobs.setParameters('classify', { passes: 2 });
      const put = await jobs.putExam('exam-1', 'one');
      const landed = await jobs.process('job-1');
      await jobs.putExam('exam-2', 'two');
      const told = await explain(jobs, 'exam-1');

      assert.equal(told.outcome, 'processed');
      assert.equal(told.bundle, 'first');
      assert.equal(told.job, 'job-1');
      assert.equal(told.since, put.sequence);
      assert.equal(told.landed?.commit, landed.id);
      assert.deepEqual(told.landed?.by, { kind: 'job', job: 'job-1' });
      assert.equal(told.history.complete, true);
      assert.deepEqual(tell(told), [
        'crop computed: new exam',
        'extract_centers computed: new exam',
        'check_quality computed: new exam',
        'generate_heatmaps computed: new exam',
        'check_response computed: new exam',
        'visualize_heatmaps computed: new exam',
        'classify computed: new exam',
      ]);
      const crop = stageOf(told, 'crop');
      const view = told.files[0];
      assert.deepEqual(crop.inputs, [
        { repo: 'exams', path: 'L_CC.png', sha256: view?.sha256, key: view?.key, versionId: view?.versionId },
      ]);
      assert.deepEqual(crop.parameters, {});
      const classify = stageOf(told, 'classify');
      assert.equal(classify.version, '1');
      assert.deepEqual(classify.parameters, { passes: 2 });
      assert.deepEqual(
        classify.models.map(({ role, bundle, path }) => [role, bundle, path]),
        [
          ['image', 'first', 'image.onnx'],
          ['imageheatmaps', 'first', 'imageheatmaps.onnx'],
        ],
      );
      assert.equal(classify.job, 'job-1');
      const { seconds, ...provenance } = classify.provenance ?? {};
      assert.deepEqual(provenance, { build: 'build-1', host: 'host-1', role: 'cpu' });
      assert.deepEqual(Object.keys(seconds ?? {}).sort(), ['computing', 'fetching', 'storing']);
      assert.equal(
        classify.seconds,
        (Date.parse(classify.finishedAt ?? '') - Date.parse(classify.startedAt ?? '')) / 1e3,
      );
      for (const { versionId, repo, path } of classify.inputs) assert.ok(versionId, `${repo}/${path} has no version`);
    }));

  it('names the parameter that changed, and the job that made what was skipped', () =>
    withSmallJobs(async (jobs) => {
      await jobs.useBundle('first');
      await jobs.setParameters('classify', { passes: 2 });
      await jobs.putExam('exam-1', 'one');
      const before = await jobs.process('job-1');
      await jobs.setParameters('classify', { passes: 1 });
      assert.deepEqual(await explain(jobs, 'exam-1').then(({ outcome, reason }) => ({ outcome, reason })), {
        outcome: 'waiting',
        reason: 'Its results were made with other stages or parameters than is wanted now.',
      });
      await jobs.process('job-2');
      const told = await explain(jobs, 'exam-1');
      assert.deepEqual(tell(told), [
        'crop skipped: same as before: recorded by job job-1',
        'extract_centers skipped: same as before: recorded by job job-1',
        'check_quality skipped: same as before: recorded by job job-1',
        'generate_heatmaps skipped: same as before: recorded by job job-1',
        'check_response skipped: same as before: recorded by job job-1',
        'visualize_heatmaps skipped: same as before: recorded by job job-1',
        'classify computed: parameter passes 2 → 1',
      ]);
      assert.deepEqual(stageOf(told, 'classify').changes, [{ kind: 'parameter', name: 'passes', before: 2, after: 1 }]);
      const then = await explainExam(jobs.repository, stages, before, 'exam-1', { asOf: 'then' });
      assert.equal(then.outcome, 'processed', 'the commit of the past is held against what made it');
      assert.equal(stageOf(then, 'classify').why[0], 'new exam');
    }));

  it('tells of results that were known, and only brought back, which job brought and which had made them', () =>
    withSmallJobs(async (jobs) => {
      await processOne(jobs);
      await jobs.setParameters('classify', { passes: 1 });
      await jobs.process('job-2');
      await jobs.setParameters('classify', { passes: 10 });
      await jobs.process('job-3');
      const told = await explain(jobs, 'exam-1');
      assert.equal(told.outcome, 'processed');
      assert.equal(told.job, 'job-1');
      assert.deepEqual(told.landed?.by, { kind: 'job', job: 'job-3' });
      assert.equal(tell(told)[0], 'crop skipped: same as before: recorded by job job-1');
      assert.equal(tell(told)[6], 'classify skipped: parameter passes 1 → 10; recorded by job job-1');
    }));

  it('names new input files after an upload, and the files of each stage that changed with them', () =>
    withSmallJobs(async (jobs) => {
      await processOne(jobs);
      await jobs.putExam('exam-1', 'another');
      assert.deepEqual((await explain(jobs, 'exam-1')).stages, []);
      assert.equal((await explain(jobs, 'exam-1')).reason, 'Not processed yet.');
      await jobs.process('job-2');
      const told = tell(await explain(jobs, 'exam-1'));
      assert.equal(told[0], 'crop computed: new input: L_CC.png');
      assert.equal(told[3], 'generate_heatmaps computed: crop wrote other files: output.txt');
    }));

  it('tells of a stage that stopped because what it reads was written again with the same bytes', () =>
    withSmallJobs(
      async (jobs) => {
        await processOne(jobs);
        await jobs.setParameters('extract_centers', { offset: [3, 0] });
        await jobs.process('job-2');
        const told = tell(await explain(jobs, 'exam-1'));
        assert.equal(told[1], 'extract_centers computed: parameter offset [0,0] → [3,0]');
        assert.equal(
          told[6],
          'classify skipped: same as before: recorded by job job-1; extract_centers ran again and wrote the same bytes',
        );
      },
      { stage: steadyCenters },
    ));

  it('names the model file that changed by its role, and leaves the stages of the others alone', () =>
    withSmallJobs(async (jobs) => {
      await jobs.useBundle('first', { patch: 'shared', image: 'shared' });
      await jobs.putExam('exam-1', 'one');
      await jobs.process('job-1');
      await jobs.useBundle('second', { patch: 'shared', image: 'shared' });
      assert.equal(
        (await explain(jobs, 'exam-1')).reason,
        'Its results were made with bundle first than is wanted now.',
      );
      await jobs.process('job-2');
      const told = await explain(jobs, 'exam-1');
      assert.equal(tell(told)[3], 'generate_heatmaps skipped: same as before: recorded by job job-1');
      assert.match(tell(told)[6] ?? '', /^classify computed: model file imageheatmaps [0-9a-f]{12} → [0-9a-f]{12}$/);
      assert.equal(stageOf(told, 'generate_heatmaps').models[0]?.bundle, 'first', 'the file it was given then');
      assert.equal(stageOf(told, 'classify').models[1]?.bundle, 'second');
    }));

  it('names the version of a stage whose code changed', async () => {
    let version = '1';
    const definitions = stages.map((definition) =>
      definition.name === 'crop'
        ? {
            ...definition,
            get version() {
              return version;
            },
          }
        : definition,
    );
    await withSmallJobs(
      async (jobs) => {
        await processOne(jobs);
        version = '2';
        const head = await jobs.process('job-2');
        const told = await explainExam(jobs.repository, definitions, head, 'exam-1');
        assert.equal(tell(told)[0], 'crop computed: stage version 1 → 2');
        assert.match(tell(told)[1] ?? '', /^extract_centers skipped: .*; crop ran again and wrote the same bytes$/);
      },
      { definitions },
    );
  });

  it('gives the reason of a failed stage, what it blocked, and what could still be made', () => {
    let broken = true;
    const stage: SmallStage = (run, everything) => {
      if (run.stage === 'generate_heatmaps' && broken) {
        throw new ExamError('view-too-small', 'The view L_CC of exam exam-1 is too small.', 'Look at the image.');
      }
      return smallStage(run, everything);
    };
    return withSmallJobs(
      async (jobs) => {
        await processOne(jobs);
        const told = await explain(jobs, 'exam-1');
        assert.equal(told.outcome, 'failed');
        assert.match(told.reason ?? '', /too small/);
        assert.deepEqual(tell(told), [
          'crop computed: new exam',
          'extract_centers computed: new exam',
          'check_quality computed: new exam',
          'generate_heatmaps failed: The view L_CC of exam exam-1 is too small. Look at the image.',
          'check_response blocked: generate_heatmaps failed',
          'visualize_heatmaps blocked: generate_heatmaps failed',
          'classify blocked: generate_heatmaps failed',
        ]);
        assert.equal(stageOf(told, 'classify').version, '1');
        broken = false;
        await jobs.process('job-2', 'failed');
        const mended = tell(await explain(jobs, 'exam-1'));
        assert.equal(mended[0], 'crop skipped: same as before: recorded by job job-1');
        assert.equal(mended[3], 'generate_heatmaps computed: the first result of this stage for the exam');
      },
      { stage },
    );
  });

  it('says so when it goes back no further, and finds more when it may', () =>
    withSmallJobs(async (jobs) => {
      await processOne(jobs);
      for (let put = 0; put < 6; put += 1) await jobs.putExam(`other-${put}`, String(put));
      const short = await explain(jobs, 'exam-1', { depth: 3 });
      assert.deepEqual(short.history, { commits: 3, complete: false });
      assert.match(tell(short)[0] ?? '', /no earlier result in the last 3 commits/);
      assert.equal(short.landed, undefined);
      assert.equal((await explain(jobs, 'exam-1')).stages[0]?.why[0], 'new exam');
    }));

  it('opens no more of the history than it needs', () =>
    withSmallJobs(async (jobs) => {
      await processOne(jobs);
      for (let put = 0; put < 5; put += 1) await jobs.putExam(`other-${put}`, String(put));
      await jobs.process('job-2');
      await jobs.setParameters('classify', { passes: 1 });
      await jobs.process('job-3');
      assert.deepEqual((await explain(jobs, 'exam-1')).history, { commits: 1, complete: true });
    }));

  it('has nothing to say of an exam that is not there', () =>
    withSmallJobs(async (jobs) => {
      await jobs.useBundle('first');
      await jobs.putExam('exam-1', 'one');
      await assert.rejects(explain(jobs, 'exam-9'), fails('not-found', /has no exam exam-9.*mammoflow ls exams@/));
    }));

  it('says of an exam that was erased since that it was, and not that something is broken', () =>
    withSmallJobs(async (jobs) => {
      const before = await processOne(jobs);
      await jobs.setParameters('classify', { passes: 1 });
      const after = await jobs.process('job-2');
      const names = pictureStages.map(({ name }) => name);
      const traces = await findTraces(jobs.repository.store, names, 'exam-1');
      await markErased(jobs.repository, traces, names, { author: 'tester' });
      await removeTraces(jobs.repository.store, traces);
      const told = await explainExam(jobs.repository, stages, before, 'exam-1', { asOf: 'then' });
      assert.equal(told.outcome, 'failed');
      assert.match(told.reason ?? '', /^Erased on \d{4}-\d\d-\d\d\.$/);
      assert.equal(tell(told)[6], 'classify computed: The record of how it was made is gone from the bucket.');
      const { uncompared, movements } = await compareResults(jobs.repository, before, after);
      assert.deepEqual(uncompared, [{ exam: 'exam-1', before: told.reason, after: told.reason }]);
      assert.deepEqual(movements, []);
    }));

  it('tells of output that was made again because the bucket had lost it', () =>
    withSmallJobs(async (jobs) => {
      await processOne(jobs);
      const { store } = jobs.repository;
      const lost = stageOf(await explain(jobs, 'exam-1'), 'crop').files[0];
      for (const prefix of [fileKey('crop', 'exam-1', ''), `${knownOutcomesPrefix}exam-1/`]) {
        for await (const version of store.listVersions(prefix)) await store.deleteVersions([version]);
      }
      await jobs.process('job-2', 'all');
      const told = tell(await explain(jobs, 'exam-1'));
      const why = `made again by job job-2, as version ${lost?.versionId} of ${lost?.key} was gone from the bucket`;
      assert.ok(told[0]?.endsWith(why), told[0]);
    }));

  it('leads from one output file to the exam and the model files, through every stage between', () =>
    withSmallJobs(async (jobs) => {
      await processOne(jobs);
      const told = await explain(jobs, 'exam-1');
      const trace = traceFile(told, 'classify/predictions.json');
      assert.equal(trace.files[0]?.versionId, stageOf(told, 'classify').files[0]?.versionId);
      assert.deepEqual(trace.from.map(({ repo }) => repo).sort(), ['crop', 'extract_centers', 'generate_heatmaps']);
      const heatmaps = trace.from.find(({ repo }) => repo === 'generate_heatmaps');
      assert.deepEqual(
        heatmaps?.made?.models.map(({ role }) => role),
        ['patch'],
      );
      const exam = heatmaps?.from[0]?.from[0];
      assert.equal(exam?.repo, 'exams');
      assert.equal(exam?.made, undefined);
      assert.deepEqual(
        exam?.files.map(({ path, versionId }) => [path, versionId]),
        [['L_CC.png', told.files[0]?.versionId]],
      );
      assert.throws(() => traceFile(told, 'classify/other.txt'), fails('not-found', /it wrote predictions\.json/));
      assert.throws(
        () => traceFile(told, 'nonsense/x'),
        fails('not-found', /It has files of crop, extract_centers, check_quality/),
      );
      assert.throws(() => traceFile(told, 'crop'), fails('not-found', /Name one as <stage>\/<file>/));
    }));

  it('is printed on one screen, as a tree, and as JSON', () =>
    withSmallJobs(async (jobs) => {
      await processOne(jobs);
      await jobs.setParameters('classify', { passes: 1 });
      await jobs.process('job-2');
      const [screen, tree, json, missing] = await Promise.all([
        mammoflow(jobs.s3, 'explain', 'exam-1'),
        mammoflow(jobs.s3, 'explain', 'exam-1', 'job-1', '--file', 'classify/predictions.json'),
        mammoflow(jobs.s3, 'explain', 'exam-1', '--json'),
        mammoflow(jobs.s3, 'explain', 'exam-9'),
      ]);
      assert.equal(screen.exitCode, 0, screen.stderr);
      assert.ok(screen.stdout.split('\n').length <= 50, screen.stdout);
      assert.match(screen.stdout, /^exam-1: processed$/m);
      assert.match(screen.stdout, /^classify computed: parameter passes 10 → 1$/m);
      assert.match(screen.stdout, /^ {2}version 1, passes=1, datum [0-9a-f]{12}$/m);
      assert.match(screen.stdout, /model patch models\/first\/patch\.onnx [0-9a-f]{12} @/);
      assert.match(screen.stdout, /job job-1, build build-1, on host-1, at 20/);
      assert.equal(tree.exitCode, 0, tree.stderr);
      assert.match(tree.stdout, /^classify\/exam-1\/predictions\.json /);
      assert.match(tree.stdout, /^ +exams\/exam-1\/L_CC\.png [0-9a-f]{12} @/m);
      assert.match(tree.stdout, /made by crop datum [0-9a-f]{12}, as above/);
      const told = JSON.parse(json.stdout) as ExamExplanation;
      assert.equal(told.stages[6]?.datum?.length, 64);
      assert.equal(missing.exitCode, 1);
      assert.match(missing.stderr, /^error: Commit [0-9a-f]{12} has no exam exam-9\. See/);
    }));
});
