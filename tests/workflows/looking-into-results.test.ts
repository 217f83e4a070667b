import assert from 'node:assert/strict';
import { join } from 'node:path';
import { stages } from '../../activities/stages/index.js';
import { compareResults } from '../../api/comparison/compare-results.js';
import { explainExam } from '../../api/provenance/explain-exam.js';
import { traceFile } from '../../api/provenance/trace-file.js';
import { resolveState } from '../../api/resolve-state.js';
import { readPipeline, writePipeline } from '../../repos/pipeline-repo.js';
import { rootOf } from '../../repos/repository.js';
import { drawExams } from '../support/exams.js';
import { details } from '../support/repository.js';
import { openTestSystem, PLACEHOLDER, type TestSystem } from '../support/system.js';

/** Commits how many passes the classifiers take. */
async function setPasses({ session: { repository } }: TestSystem, passes: number): Promise<void> {
  await repository.commitOnto('main', { ...details, by: { kind: 'stage' } }, async (roots, sequence) => {
    const document = await readPipeline(repository, { roots });
    const next = { ...document, stages: { ...document.stages, classify: { parameters: { passes } } } };
    const pipeline = await writePipeline(repository, rootOf({ roots }, 'pipeline'), next, sequence);
    return { roots: { ...roots, pipeline } };
  });
}

describe('looking into results that workers made', () => {
  let system: TestSystem;

  before(async () => {
    system = await openTestSystem();
    await system.startWorkers();
    await system.put('models', PLACEHOLDER);
  });
  after(() => system.close());

  it('explains a changed parameter and compares what it did to predictions, and not to heatmaps', async () => {
    const { repository } = system.session;
    await drawExams(join(system.folder, 'exams'), ['exam-1', 'exam-2']);
    await setPasses(system, 2);
    await system.put('exams', join(system.folder, 'exams'));
    const first = await system.process();
    await setPasses(system, 1);
    const second = await system.process();

    const after = await resolveState(repository, second.job);
    const told = await explainExam(repository, stages, after, 'exam-1');
    assert.equal(told.outcome, 'processed');
    assert.deepEqual(
      told.stages.map(({ stage, status, why }) => [stage, status, ...why]),
      [
        ...[
          'crop',
          'extract_centers',
          'check_quality',
          'generate_heatmaps',
          'check_response',
          'visualize_heatmaps',
        ].map((stage) => [stage, 'skipped', `same as before: recorded by job ${first.job}`]),
        ['classify', 'computed', 'parameter passes 2 → 1'],
      ],
    );
    const classify = told.stages[6];
    assert.equal(classify?.job, second.job);
    assert.equal(classify?.provenance?.executionProvider, 'cpu');
    assert.equal(typeof classify?.provenance?.build, 'string');
    assert.ok((classify?.seconds ?? 0) > 0);
    const trace = traceFile(told, 'visualize_heatmaps/L_CC_benign.png');
    const crop = trace.from.find(({ repo }) => repo === 'crop');
    assert.deepEqual(crop?.from[0]?.files.map(({ path }) => path).sort(), told.files.map(({ path }) => path).sort());

    const before = await resolveState(repository, first.job);
    const comparison = await compareResults(repository, before, after, { heatmaps: 'all' });
    assert.deepEqual(comparison.exams.map(({ exam }) => exam).sort(), ['exam-1', 'exam-2']);
    assert.notEqual(comparison.movements[0]?.change, 0);
    assert.ok(comparison.distributions.every(({ count }) => count === 2));
    assert.deepEqual(comparison.heatmaps, { differ: 0, equal: 2, compared: [], differences: [], unreadable: [] });
  });
});
