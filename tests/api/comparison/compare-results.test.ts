import assert from 'node:assert/strict';
import { planJob } from '../../../activities/job/plan-job.js';
import { stages } from '../../../activities/stages/index.js';
import { type CompareOptions, type Comparison, compareResults } from '../../../api/comparison/compare-results.js';
import { resolveState } from '../../../api/resolve-state.js';
import { writeNpz } from '../../../imaging/npz.js';
import type { FloatPlane } from '../../../imaging/planes.js';
import type { Commit } from '../../../pipeline/commit.js';
import { type ErrorCode, ExamError, MammoflowError } from '../../../pipeline/errors.js';
import { VIEWS } from '../../../pipeline/exam.js';
import { processCommitInputSchema } from '../../../pipeline/job.js';
import { LABELS, RESEARCH_USE_ONLY } from '../../../pipeline/predictions.js';
import { openRepository } from '../../../repos/repository.js';
import { mammoflow } from '../../support/command.js';
import { storeOf } from '../../support/repository.js';
import { type SmallJobs, type SmallStage, smallStage, withSmallJobs } from '../../support/small-jobs.js';

const plane = (rows: number, columns: number, at: number, value: number): FloatPlane => ({
  rows,
  columns,
  pixels: Float32Array.from({ length: rows * columns }, (_, index) => (index === at ? value : 0)),
});

/** Probabilities and heatmaps that follow from parameters, so that a test can say how they must move. */
const plannedStage: SmallStage = (run, everything) => {
  const { exam } = run.inputs;
  if (run.stage === 'generate_heatmaps') {
    // The seed moves the lesion's value; a stride of 10 stands for a view that was cropped otherwise.
    const { seed, stride } = run.parameters as { seed: number; stride: number };
    const columns = stride === 10 ? 2 : 3;
    const file = writeNpz({
      benign: plane(2, columns, 4, seed / 8),
      malignant: plane(2, columns, 0, exam === 'exam-2' ? 0.5 : 0.25),
    });
    const other = exam === 'exam-bad' ? `damaged ${seed}` : 'never opened';
    return { files: Object.fromEntries(VIEWS.map((view) => [`${view}.npz`, view === 'L_CC' ? file : other])) };
  }
  if (run.stage !== 'classify') return smallStage(run, everything);
  const { passes, seed } = run.parameters as { passes: number; seed: number };
  if (exam === 'exam-bad' && seed === 1) throw new ExamError('invalid-image', 'The image of exam exam-bad is bad.');
  const image = Object.fromEntries(LABELS.map((label) => [label, 0.25]));
  const moved = exam === 'exam-2' ? { left_malignant: passes === 1 ? 0.75 : 0.25 } : { right_benign: passes / 16 };
  const summary = { exam, image: { ...image, ...moved }, imageheatmaps: image };
  return { files: { 'predictions.json': JSON.stringify(summary) }, summary };
};

async function process(jobs: SmallJobs, job: string, exams: readonly string[] = []): Promise<Commit> {
  if (exams.length > 0) await jobs.putExams(Object.fromEntries(exams.map((exam) => [exam, exam])));
  return jobs.process(job);
}

const compare = ({ repository }: SmallJobs, before: Commit, after: Commit, options?: CompareOptions) =>
  compareResults(repository, before, after, options);

describe('comparing results', () => {
  it('gives the movements of exams that differ, greatest first, and marks those that cross the threshold', () =>
    withSmallJobs(
      async (jobs) => {
        await jobs.useBundle('first');
        await jobs.setParameters('classify', { passes: 2 });
        const before = await process(jobs, 'job-1', ['exam-1', 'exam-2']);
        await jobs.setParameters('classify', { passes: 1 });
        const after = await process(jobs, 'job-2');
        const comparison = await compare(jobs, before, after, { threshold: 0.5 });
        assert.equal(comparison.equal, 0);
        assert.deepEqual(
          comparison.exams.map(({ exam, greatest, filesChanged }) => ({ exam, greatest, filesChanged })),
          [
            { exam: 'exam-2', greatest: 0.5, filesChanged: false },
            { exam: 'exam-1', greatest: -0.0625, filesChanged: false },
          ],
        );
        assert.deepEqual(
          comparison.movements
            .slice(0, 2)
            .map(({ exam, label, before: a, after: b, crosses }) => [exam, label, a, b, crosses]),
          [
            ['exam-2', 'left_malignant', 0.25, 0.75, true],
            ['exam-1', 'right_benign', 0.125, 0.0625, false],
          ],
        );
        assert.equal(comparison.movements.length, 16);
        const malignant = comparison.distributions.find(({ label }) => label === 'left_malignant');
        assert.deepEqual(malignant?.crossing, { up: 1, down: 0 });
        assert.equal(malignant?.mean, 0.25);
        assert.deepEqual([comparison.heatmaps.differ, comparison.heatmaps.equal], [0, 2]);
        const one = await compare(jobs, before, after, { variants: ['imageheatmaps'] });
        assert.equal(one.movements.length, 8);
        const back = await compare(jobs, after, before, { threshold: 0.5 });
        assert.equal(back.movements[0]?.change, -0.5);
      },
      { stage: plannedStage },
    ));

  it('opens nothing of exams that are equal, and counts them', () =>
    withSmallJobs(async (jobs) => {
      await jobs.useBundle('first');
      const many = Array.from({ length: 40 }, (_, index) => `exam-${index}`);
      const before = await process(jobs, 'job-1', many);
      await jobs.putExam('exam-7', 'changed');
      const after = await process(jobs, 'job-2');
      // A process of its own, which has no tree in memory yet.
      const store = storeOf(jobs.s3);
      try {
        const comparison = await compareResults(openRepository(store), before, after, { heatmaps: 0 });
        // Five repos with a root and a leaf on each side, and one exam's predictions; those of all 40 would take 80.
        assert.ok(store.requests() <= 5 * 4 + 2, `${store.requests()} requests`);
        assert.equal(comparison.equal, 39);
        assert.deepEqual(
          comparison.exams.map(({ exam, filesChanged }) => [exam, filesChanged]),
          [['exam-7', true]],
        );
      } finally {
        store.close();
      }
      const same = await compare(jobs, after, after);
      assert.deepEqual([same.equal, same.exams.length, same.movements.length], [40, 0, 0]);
    }));

  it('shows which bundle made each side', () =>
    withSmallJobs(async (jobs) => {
      await jobs.useBundle('first', { patch: 'shared' });
      const before = await process(jobs, 'job-1', ['exam-1']);
      await jobs.useBundle('second', { patch: 'shared' });
      const after = await process(jobs, 'job-2', ['exam-2']);
      const comparison = await compare(jobs, before, after);
      assert.deepEqual(comparison.bundles, [{ before: 'first', after: 'second', exams: 1 }]);
      const [exam] = comparison.exams;
      assert.deepEqual([exam?.before.bundle, exam?.before.job], ['first', 'job-1']);
      assert.deepEqual([exam?.after.bundle, exam?.after.job], ['second', 'job-2']);
      assert.deepEqual(comparison.onlyAfter, ['exam-2']);
      assert.deepEqual(comparison.onlyBefore, []);
      assert.deepEqual((await compare(jobs, after, before)).onlyBefore, ['exam-2']);
    }));

  it('lists exams without predictions on a side, with the reason', () =>
    withSmallJobs(
      async (jobs) => {
        await jobs.useBundle('first');
        const before = await process(jobs, 'job-1', ['exam-1', 'exam-bad']);
        await jobs.setParameters('classify', { seed: 1 });
        const after = await process(jobs, 'job-2');
        await jobs.putExam('exam-1', 'changed');
        const waiting = (await jobs.repository.head('main')) as Commit;
        const failed = await compare(jobs, before, after);
        assert.deepEqual(failed.uncompared, [{ exam: 'exam-bad', after: 'The image of exam exam-bad is bad.' }]);
        assert.deepEqual(
          failed.exams.map(({ exam, greatest }) => [exam, greatest]),
          [['exam-1', 0]],
          'made from something else, with the same predictions',
        );
        assert.equal(failed.equal, 0);
        const unprocessed = await compare(jobs, after, waiting);
        assert.deepEqual(unprocessed.uncompared, [{ exam: 'exam-1', after: 'Not processed yet.' }]);
        assert.equal(unprocessed.equal, 0);
      },
      { stage: plannedStage },
    ));

  it('compares the heatmaps of the greatest movers pixel by pixel, and reads only files that differ', () =>
    withSmallJobs(
      async (jobs) => {
        await jobs.useBundle('first');
        await jobs.setParameters('classify', { passes: 2 });
        const before = await process(jobs, 'job-1', ['exam-1', 'exam-2']);
        await jobs.setParameters('generate_heatmaps', { seed: 2 });
        await jobs.setParameters('classify', { passes: 1 });
        const after = await process(jobs, 'job-2');
        const one = await compare(jobs, before, after, { heatmaps: 1 });
        assert.deepEqual(one.heatmaps.compared, ['exam-2']);
        assert.deepEqual(one.heatmaps.differences, [
          {
            exam: 'exam-2',
            view: 'L_CC',
            class: 'benign',
            difference: { mean: 0.25 / 6, maximum: 0.25, row: 1, column: 1 },
          },
          {
            exam: 'exam-2',
            view: 'L_CC',
            class: 'malignant',
            difference: { mean: 0, maximum: 0, row: 0, column: 0 },
          },
        ]);
        assert.deepEqual((await compare(jobs, before, after, { heatmaps: 'all' })).heatmaps.compared, [
          'exam-2',
          'exam-1',
        ]);
        const none = (await compare(jobs, before, after, { heatmaps: 0 })).heatmaps;
        assert.deepEqual([none.differ, none.compared, none.differences], [2, [], []]);
        await jobs.setParameters('generate_heatmaps', { stride: 10 });
        const cropped = await compare(jobs, after, await process(jobs, 'job-3'), { heatmaps: 1 });
        assert.deepEqual(cropped.heatmaps.differences[0]?.shapes, { before: [2, 3], after: [2, 2] });
        assert.equal(cropped.heatmaps.differences[0]?.difference, undefined);
      },
      { stage: plannedStage },
    ));

  it('says which heatmaps cannot be read, and compares the others', () =>
    withSmallJobs(
      async (jobs) => {
        await jobs.useBundle('first');
        const before = await process(jobs, 'job-1', ['exam-1', 'exam-bad']);
        await jobs.setParameters('generate_heatmaps', { seed: 2 });
        const { heatmaps } = await compare(jobs, before, await process(jobs, 'job-2'));
        assert.deepEqual(heatmaps.compared, ['exam-1', 'exam-bad']);
        assert.deepEqual([...new Set(heatmaps.differences.map(({ exam }) => exam))], ['exam-1']);
        assert.deepEqual(
          heatmaps.unreadable.map(({ exam }) => exam),
          ['exam-bad'],
        );
        assert.match(heatmaps.unreadable[0]?.reason ?? '', /exam-bad\/R_CC\.npz cannot be unpacked/);
      },
      { stage: plannedStage },
    ));

  it('takes jobs for the states they left, and says when a reference names nothing', () =>
    withSmallJobs(async (jobs) => {
      await jobs.useBundle('first');
      const { id } = await process(jobs, 'job-1', ['exam-1']);
      await jobs.setParameters('classify', { passes: 1 });
      await process(jobs, 'job-2');
      assert.equal((await resolveState(jobs.repository, 'job-1')).id, id);
      assert.equal((await resolveState(jobs.repository, 'main~2')).id, id);
      await jobs.setParameters('classify', { passes: 3 });
      const settings = processCommitInputSchema.parse({});
      await planJob(jobs.repository, stages, { job: 'job-3', run: 'job-3' }, settings, () => undefined);
      const fails = (reference: string, code: ErrorCode, message: RegExp) =>
        assert.rejects(resolveState(jobs.repository, reference), (error) => {
          assert.ok(error instanceof MammoflowError, String(error));
          assert.equal(error.code, code);
          assert.match(error.sentence, message);
          return true;
        });
      await fails('job-3', 'not-found', /Job job-3 has not ended.*mammoflow job job-3 --watch/);
      await fails(
        'job-9',
        'unknown-reference',
        /no commit or branch "job-9".*The id of a job that has ended will do too/,
      );
    }));

  it('is printed as a table, as CSV and as JSON', () =>
    withSmallJobs(
      async (jobs) => {
        await jobs.useBundle('first');
        await jobs.setParameters('classify', { passes: 2 });
        await process(jobs, 'job-1', ['exam-1', 'exam-2']);
        await jobs.setParameters('generate_heatmaps', { seed: 2 });
        await jobs.setParameters('classify', { passes: 1 });
        await process(jobs, 'job-2');
        const run = (...args: string[]) => mammoflow(jobs.s3, 'compare', 'job-1', 'main', ...args);
        const [forPeople, csv, json, wrong] = await Promise.all([
          run('--limit', '3'),
          run('--format', 'csv', '--variant', 'image', '--limit', '2'),
          run('--json'),
          run('--threshold', '2'),
        ]);
        assert.equal(forPeople.exitCode, 0, forPeople.stderr);
        assert.match(forPeople.stdout, /2 exams were classified anew, 0 are equal/);
        assert.match(
          forPeople.stdout,
          /^exam-2 +image +left_malignant +0\.2500 +0\.7500 +\+0\.5000 +up +first → first$/m,
        );
        assert.match(forPeople.stdout, /^… and 13 more; --limit shows them$/m);
        assert.match(forPeople.stdout, /^exam-2 +L_CC +benign +0\.041667 +0\.2500 +1 +1$/m);
        assert.ok(forPeople.stdout.includes(RESEARCH_USE_ONLY));
        assert.deepEqual(csv.stdout.trim().split('\r\n'), [
          'exam,classifier,label,before,after,change,crosses,bundle_before,bundle_after,files_changed,warnings,notice',
          `exam-2,image,left_malignant,0.25,0.75,0.5,true,first,first,false,,${RESEARCH_USE_ONLY}`,
          `exam-1,image,right_benign,0.125,0.0625,-0.0625,false,first,first,false,,${RESEARCH_USE_ONLY}`,
        ]);
        const comparison = JSON.parse(json.stdout) as Comparison;
        assert.equal(comparison.movements.length, 16);
        assert.equal(comparison.heatmaps.differences.length, 4);
        assert.equal(wrong.exitCode, 1);
        assert.match(wrong.stderr, /Give a probability from 0 to 1/);
      },
      { stage: plannedStage },
    ));
});
