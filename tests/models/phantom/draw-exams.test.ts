import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readGrey16Png } from '../../../imaging/grey16-png.js';
import { drawExams } from '../../../models/phantom/draw-exams.js';
import { drawView } from '../../../models/phantom/draw-view.js';
import { planExam } from '../../../models/phantom/plan-exam.js';
import { PHANTOM_NOTICE, readTruth, TRUTH_FILE, truthSchema } from '../../../models/phantom/truth.js';
import { MammoflowError } from '../../../pipeline/errors.js';
import { VIEWS, viewFile } from '../../../pipeline/exam.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';

const MIX = { normal: 0, benign: 1, malignant: 1, both: 0 };
const SEED = 31;

const timesIn = async (folder: string, exam: string): Promise<number[]> =>
  Promise.all(VIEWS.map(async (view) => (await stat(join(folder, exam, viewFile(view)))).mtimeMs));

const refusal = (pattern: RegExp) => (error: unknown) =>
  error instanceof MammoflowError && error.next !== undefined && pattern.test(error.message);

describe('a folder of phantom exams', () => {
  it('holds the views as drawn, and beside them a truth that agrees with the pixels', () =>
    withTemporaryFolder(async (folder) => {
      const progress: string[] = [];
      const { truth, drawn, kept } = await drawExams(folder, {
        seed: SEED,
        exams: 2,
        mix: MIX,
        onProgress: (done, all) => progress.push(`${done}/${all}`),
      });
      assert.deepEqual([drawn, kept], [2, 0]);
      assert.deepEqual(progress, ['0/2', '1/2', '2/2']);
      assert.deepEqual((await readdir(folder)).sort(), ['phantom-31-0001', 'phantom-31-0002', TRUTH_FILE]);
      assert.deepEqual(truthSchema.parse(JSON.parse(await readFile(join(folder, TRUTH_FILE), 'utf8'))), truth);
      assert.equal(truth.notice, PHANTOM_NOTICE);

      const plan = planExam(SEED, 1, MIX);
      for (const view of VIEWS) {
        assert.deepEqual(await readGrey16Png(join(folder, plan.exam, viewFile(view))), drawView(plan, view));
      }
      for (const exam of truth.exams) {
        assert.deepEqual((await readdir(join(folder, exam.exam))).sort(), VIEWS.map(viewFile).sort());
        for (const kind of ['benign', 'malignant'] as const) {
          for (const breast of ['left', 'right'] as const) {
            const there = exam.lesions.some((lesion) => lesion.kind === kind && lesion.breast === breast);
            assert.equal(exam.labels[`${breast}_${kind}`], there);
          }
        }
        for (const { breast, views } of exam.lesions) {
          const letter = breast === 'left' ? 'L' : 'R';
          assert.deepEqual(Object.keys(views).sort(), [`${letter}_CC`, `${letter}_MLO`]);
          for (const view of VIEWS) {
            const circle = views[view];
            if (circle === undefined) continue;
            const { rows, columns, pixels } = await readGrey16Png(join(folder, exam.exam, viewFile(view)));
            assert.deepEqual(exam.views[view], { rows, columns });
            assert.ok((pixels[Math.round(circle.row) * columns + Math.round(circle.column)] as number) > 0, view);
          }
        }
      }
    }));

  it('keeps what is whole and draws the rest when it is drawn again', () =>
    withTemporaryFolder(async (folder) => {
      const settings = { seed: SEED, mix: MIX, threads: 1 };
      const first = await drawExams(folder, { ...settings, exams: 2 });
      const [one, two] = first.truth.exams.map(({ exam }) => exam) as [string, string];
      const before = { one: await timesIn(folder, one), two: await timesIn(folder, two) };
      const bytes = await readFile(join(folder, two, 'R_CC.png'));
      await truncate(join(folder, two, 'R_CC.png'), 1000);

      const second = await drawExams(folder, { ...settings, exams: 3 });
      assert.deepEqual([second.drawn, second.kept], [2, 1]);
      assert.deepEqual(await timesIn(folder, one), before.one);
      assert.deepEqual(await readFile(join(folder, two, 'R_CC.png')), bytes);
      assert.deepEqual(second.truth.exams.slice(0, 2), first.truth.exams);

      const fewer = await drawExams(folder, { ...settings, exams: 1 });
      assert.deepEqual([fewer.drawn, fewer.kept], [0, 3]);
      assert.deepEqual(fewer.truth, second.truth);
    }));

  it('is not mixed with exams of another seed, mix or generator', () =>
    withTemporaryFolder(async (folder) => {
      const drawn = await drawExams(folder, { seed: SEED, exams: 1, mix: MIX });
      const before = await readFile(join(folder, TRUTH_FILE), 'utf8');
      await assert.rejects(drawExams(folder, { seed: 32, exams: 1, mix: MIX }), refusal(/seed 31, not 32/));
      await assert.rejects(
        drawExams(folder, { seed: SEED, exams: 1 }),
        refusal(/mix benign=1,malignant=1, not normal=8/),
      );
      assert.equal(await readFile(join(folder, TRUTH_FILE), 'utf8'), before);
      await writeFile(join(folder, TRUTH_FILE), JSON.stringify({ ...drawn.truth, generator: '0' }));
      await assert.rejects(drawExams(folder, { seed: SEED, exams: 1, mix: MIX }), refusal(/generator 0/));
      await writeFile(join(folder, TRUTH_FILE), '{}');
      await assert.rejects(drawExams(folder, { seed: SEED, exams: 1, mix: MIX }), refusal(/is not what/));
    }));

  it('tells which exams are there when drawing fails on the way', () =>
    withTemporaryFolder(async (folder) => {
      // A folder in the place of a view: nothing can be written there.
      await mkdir(join(folder, 'phantom-31-0002', 'L_CC.png', 'in-the-way'), { recursive: true });
      await assert.rejects(drawExams(folder, { seed: SEED, exams: 2, mix: MIX, threads: 1 }), refusal(/L_CC\.png/));
      assert.deepEqual(
        (await readTruth(folder))?.exams.map(({ exam }) => exam),
        ['phantom-31-0001'],
      );
      await rm(join(folder, 'phantom-31-0002'), { recursive: true });
      const { drawn, kept } = await drawExams(folder, { seed: SEED, exams: 2, mix: MIX, threads: 1 });
      assert.deepEqual([drawn, kept], [1, 1]);
    }));

  it('ends at once when it is told to, and keeps what is whole', () =>
    withTemporaryFolder(async (folder) => {
      const controller = new AbortController();
      const drawing = drawExams(folder, {
        seed: SEED,
        exams: 50,
        mix: MIX,
        threads: 1,
        signal: controller.signal,
        onProgress: (done) => done === 1 && controller.abort(),
      });
      await assert.rejects(drawing, { name: 'AbortError' });
      assert.deepEqual(
        (await readTruth(folder))?.exams.map(({ exam }) => exam),
        ['phantom-31-0001'],
      );
    }));
});
