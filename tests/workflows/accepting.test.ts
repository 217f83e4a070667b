import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stages } from '../../activities/stages/index.js';
import { accept } from '../../api/changing/accept.js';
import { forget } from '../../api/changing/forget.js';
import { setStage } from '../../api/changing/set-stage.js';
import { explainExam } from '../../api/provenance/explain-exam.js';
import { type ExamResult, listResults } from '../../api/reading/list-results.js';
import { readGrey16Png, writeGrey16Png } from '../../imaging/grey16-png.js';
import { type Commit, DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { viewFile } from '../../pipeline/exam.js';
import { framed } from '../support/alterations.js';
import { drawExams } from '../support/exams.js';
import { openTestSystem, PLACEHOLDER, type TestSystem } from '../support/system.js';

const REASON = 'the frame is outside the breast';

describe('accepting what a quality check refuses', () => {
  let system: TestSystem;
  let picture: string;

  async function result(): Promise<ExamResult> {
    const { repository } = system.session;
    const head = (await repository.head(DEFAULT_BRANCH)) as Commit;
    const [only] = await listResults(repository, stages, head);
    assert.ok(only);
    return only;
  }
  /** Keys of every object version whose bytes have these words. */
  async function keysWith(words: string): Promise<string[]> {
    const { store } = system.session.repository;
    const found: string[] = [];
    for await (const { key, versionId, deleteMarker } of store.listVersions('')) {
      const object = deleteMarker ? undefined : await store.get(key, versionId);
      if (object !== undefined && Buffer.from(object.bytes).includes(words)) found.push(key);
    }
    return found;
  }
  const asked = { exam: 'exam-1', check: 'frame', view: 'L_MLO', process: false };

  before(async () => {
    system = await openTestSystem();
    await system.startWorkers();
    await system.put('models', PLACEHOLDER);
    await setStage(system.session, { stage: 'classify', parameters: { passes: 1 }, process: false });
    const exams = join(system.folder, 'exams');
    await drawExams(exams, ['exam-1']);
    picture = join(exams, 'exam-1', viewFile('L_MLO'));
    await writeFile(picture, await writeGrey16Png(framed(0.01, 1)(await readGrey16Png(picture), 'L_MLO')));
    await system.put('exams', exams);
  });
  after(() => system.close());

  it('an exam with a frame fails alone, and its reason says how to accept it', async () => {
    const summary = await system.process();
    assert.deepEqual(summary.exams, { processed: 0, skipped: 0, failed: 1 });
    assert.deepEqual(
      [
        summary.stages.check_quality?.failed,
        summary.stages.generate_heatmaps?.blocked,
        summary.stages.classify?.blocked,
      ],
      [1, 1, 1],
    );
    const { outcome, reason } = await result();
    assert.equal(outcome, 'failed');
    assert.match(reason ?? '', /frame/);
    assert.match(reason ?? '', /mammoflow accept exam-1 --check frame --view L_MLO/);
  });

  it('needs a reason, a check and a view that there are, and an exam', async () => {
    const wrong = [asked, { ...asked, check: 'nosuch', reason: 'r' }, { ...asked, view: 'L_XX', reason: 'r' }];
    for (const options of wrong) await assert.rejects(accept(system.session, options), { code: 'invalid-argument' });
    await assert.rejects(accept(system.session, { ...asked, exam: 'nobody', reason: 'r' }), { code: 'not-found' });
  });

  it('gives the exam its results, with a warning, and computes no crop again', async () => {
    await accept(system.session, { ...asked, reason: REASON });
    const summary = await system.process();
    assert.deepEqual(summary.exams, { processed: 1, skipped: 0, failed: 0 });
    assert.deepEqual([summary.stages.crop?.computed, summary.stages.crop?.skipped], [0, 1]);
    const { outcome, warnings = [] } = await result();
    assert.equal(outcome, 'processed');
    assert.ok(warnings.some(({ code, view }) => code === 'frame' && view === 'L_MLO'));
    assert.deepEqual((await system.process()).exams, { processed: 0, skipped: 1, failed: 0 });
  });

  it('is told by explain with its reason, which is no part of the history', async () => {
    const { repository } = system.session;
    const head = (await repository.head(DEFAULT_BRANCH)) as Commit;
    const { accepted } = await explainExam(repository, stages, head, 'exam-1');
    assert.deepEqual(
      accepted.map(({ check, view, author, reason }) => [check, view, author, reason]),
      [['frame', 'L_MLO', system.session.author, REASON]],
    );
    const keys = await keysWith(REASON);
    assert.equal(keys.length, 1);
    assert.match(keys[0] ?? '', /^\.mammoflow\/reasons\/exam-1\/[0-9a-f-]{36}\.json$/);
  });

  it('says nothing of other files', async () => {
    await writeFile(picture, await writeGrey16Png(framed(0.01, 0.9)(await readGrey16Png(picture), 'L_MLO')));
    await system.put('exams', join(system.folder, 'exams'));
    assert.deepEqual((await system.process()).exams, { processed: 0, skipped: 0, failed: 1 });
    const { outcome, image } = await result();
    assert.deepEqual([outcome, image], ['failed', undefined]);
    await assert.rejects(accept(system.session, { ...asked, withdraw: true }), { code: 'invalid-argument' });
  });

  it('leaves nothing of its reason when the exam is forgotten', async () => {
    const { exams } = await forget(system.session, { exams: ['exam-1'], wait: 0 });
    assert.equal(exams[0]?.removed['reasons of acceptances'], 1);
    assert.equal(exams[0]?.remaining, 0);
    assert.deepEqual(await keysWith(REASON), []);
  });
});
