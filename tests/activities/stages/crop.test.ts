import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crop } from '../../../activities/stages/crop.js';
import { readGrey16Png, writeGrey16Png } from '../../../imaging/grey16-png.js';
import { readPngTexts } from '../../../imaging/png-text.js';
import { ExamError } from '../../../pipeline/errors.js';
import { VIEWS, viewFile } from '../../../pipeline/exam.js';
import { cropDocumentSchema } from '../../../pipeline/stage-documents.js';
import { type GoldenCrop, goldenCropped, goldenJson } from '../../imaging/golden.js';
import { drawBreast } from '../../imaging/png-fixtures.js';
import { itWithShared } from '../../support/shared.js';
import { drawnExam, runStage, temporaryFolder } from './stage-runs.js';

const small = { iterations: 20, buffer: 10 };
const flipped =
  '\x80\x04](}(\x8c\x0fhorizontal_flip\x8c\x03YES\x8c\x04L-CC](\x8c\x04L_CCe\x8c\x04R-CC](\x8c\x04R_CCe' +
  '\x8c\x05L-MLO](\x8c\x05L_MLOe\x8c\x05R-MLO](\x8c\x05R_MLOeue.';

describe('the stage crop', () => {
  const folder = temporaryFolder();

  itWithShared('writes what the original program writes for a full-size exam', async (shared) => {
    const names = [...VIEWS.map(viewFile), 'gen_exam_list.pkl'];
    const exams = Object.fromEntries(names.map((name) => [name, join(shared, 'exams', 'mixed', name)]));
    const run = await runStage(crop, folder(), { exams });
    const document = cropDocumentSchema.parse(JSON.parse(run.read('crop.json').toString()));
    for (const golden of goldenJson<GoldenCrop[]>(shared, 'mixed', 'crop_centers.json')) {
      const view = VIEWS.find((name) => name === golden.image);
      assert.ok(view !== undefined);
      assert.deepEqual(document.views[view], {
        source_shape: golden.source_shape,
        shape: golden.cropped_shape,
        window_location: golden.window_location,
        rightmost_points: golden.rightmost_points,
        bottommost_points: golden.bottommost_points,
        distance_from_starting_side: golden.distance_from_starting_side,
      });
      assert.deepEqual(await readGrey16Png(run.read(viewFile(view))), await goldenCropped(shared, 'mixed', golden));
    }
  });

  it('writes the four views and its document, the same bytes each time, each marked as not for diagnosis', async () => {
    const exams = await drawnExam(folder());
    const [first, second] = [
      await runStage(crop, folder(), { exams }, small),
      await runStage(crop, folder(), { exams }, small),
    ];
    assert.deepEqual(Object.keys(first.files), ['L_CC.png', 'R_CC.png', 'L_MLO.png', 'R_MLO.png', 'crop.json']);
    for (const file of Object.keys(first.files)) assert.deepEqual(first.read(file), second.read(file), file);
    assert.deepEqual(readPngTexts(first.read('L_CC.png')), { Disclaimer: 'Research use only. Not for diagnosis.' });
    const document = JSON.parse(first.read('crop.json').toString());
    assert.equal(document.notice, 'Research use only. Not for diagnosis.');
    assert.equal(document.horizontal_flip, 'NO');
    assert.deepEqual(
      first.progress.map(({ step }) => step),
      VIEWS,
    );
  });

  it('takes from the exam list that an exam was stored mirrored', async () => {
    const list = join(folder(), 'gen_exam_list.pkl');
    writeFileSync(list, flipped, 'latin1');
    const exams = { ...(await drawnExam(folder(), 'inwards')), 'gen_exam_list.pkl': list };
    const run = await runStage(crop, folder(), { exams }, small);
    const document = cropDocumentSchema.parse(JSON.parse(run.read('crop.json').toString()));
    assert.equal(document.horizontal_flip, 'YES');
    for (const view of VIEWS) assert.equal(document.views[view].distance_from_starting_side, 0);
  });

  async function rejected(
    image: { rows: number; columns: number; pixels: Uint16Array } | undefined,
  ): Promise<ExamError> {
    const { 'R_CC.png': _, ...exams } = await drawnExam(folder());
    const path = join(folder(), 'R_CC.png');
    if (image !== undefined) writeFileSync(path, await writeGrey16Png(image));
    const files = { exams: image === undefined ? exams : { ...exams, 'R_CC.png': path } };
    const error = await runStage(crop, folder(), files, small).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    assert.ok(error instanceof ExamError, String(error));
    assert.equal(error.view, 'R_CC');
    return error;
  }

  it('fails an exam with a black view', async () => {
    const error = await rejected({ rows: 600, columns: 600, pixels: new Uint16Array(360_000) });
    assert.equal(error.code, 'breast-not-found');
    assert.match(error.message, /^No breast was found in R_CC of exam exam-1: /);
  });

  it('fails an exam with a view smaller than a patch', async () => {
    const error = await rejected(drawBreast(400, 200, 'left'));
    assert.equal(error.code, 'view-too-small');
    assert.match(error.message, /^The breast in R_CC of exam exam-1 takes \d+ × \d+ pixels, fewer than the 256/);
  });

  it('fails an exam that lacks a view', async () => {
    const error = await rejected(undefined);
    assert.equal(error.code, 'invalid-exam');
    assert.match(error.message, /^Exam exam-1 has no R_CC\.png\./);
  });

  it('stops when it is cancelled', async () => {
    const exams = await drawnExam(folder());
    await assert.rejects(
      runStage(crop, folder(), { exams }, small, AbortSignal.abort(new Error('cancelled'))),
      /cancelled/,
    );
  });

  it('has a default for each parameter and refuses others', () => {
    assert.deepEqual(crop.parameters.parse({}), { iterations: 100, buffer: 50 });
    for (const wrong of [{ iterations: 0 }, { buffer: -1 }, { iterations: 1.5 }, { margin: 4 }]) {
      assert.equal(crop.parameters.safeParse(wrong).success, false, JSON.stringify(wrong));
    }
  });
});
