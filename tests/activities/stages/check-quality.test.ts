import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkQuality } from '../../../activities/stages/check-quality.js';
import { crop } from '../../../activities/stages/crop.js';
import { writeGrey16Png } from '../../../imaging/grey16-png.js';
import type { Grey16Image } from '../../../imaging/planes.js';
import { ExamError, isLasting } from '../../../pipeline/errors.js';
import { VIEWS, viewFile } from '../../../pipeline/exam.js';
import { VIEW_CHECKS } from '../../../pipeline/quality-policy.js';
import { qualityDocumentSchema, qualitySummarySchema } from '../../../pipeline/quality-report.js';
import { phantomExam } from '../../imaging/quality/phantom-exam.js';
import { framed, invert, mirror, type Pictures, sliver, swapBytes } from '../../support/alterations.js';
import { itWithShared } from '../../support/shared.js';
import { filesOf, runStageHere, withFolder } from '../../support/stage-run.js';

interface Options {
  readonly parameters?: object;
  readonly accepted?: string;
}

/** Crops an exam's files and checks it. */
async function check(exams: Readonly<Record<string, string>>, folder: string, options: Options = {}) {
  const { parameters = {}, accepted } = options;
  await runStageHere(crop, { exam: 'exam-1', models: {}, files: { exams } }, join(folder, 'crop'));
  const inputs = {
    exam: 'exam-1',
    models: {},
    files: { exams, crop: await filesOf(join(folder, 'crop')) },
    ...(accepted === undefined ? {} : { labels: { accepted } }),
  };
  const result = await runStageHere(checkQuality, inputs, join(folder, 'check_quality'), { parameters });
  const text = await readFile(join(folder, 'check_quality', 'quality.json'), 'utf8');
  return {
    text,
    document: qualityDocumentSchema.parse(JSON.parse(text)),
    summary: qualitySummarySchema.parse(result.summary),
    files: result.files,
  };
}

const packed = new WeakMap<Grey16Image, Promise<Buffer>>();

/** Most views are in several exams here, and packing one takes longer than checking it. */
function packedOnce(picture: Grey16Image): Promise<Buffer> {
  const packing = packed.get(picture) ?? writeGrey16Png(picture);
  packed.set(picture, packing);
  return packing;
}

const checkPictures = (pictures: Pictures, options?: Options) =>
  withFolder(async (folder) => {
    await mkdir(join(folder, 'exams'));
    for (const view of VIEWS) await writeFile(join(folder, 'exams', viewFile(view)), await packedOnce(pictures[view]));
    return check(await filesOf(join(folder, 'exams')), folder, options);
  });

const refusal = async (pictures: Pictures, options?: Options): Promise<ExamError> =>
  checkPictures(pictures, options).then(
    () => assert.fail('the exam was not refused'),
    (error) => {
      assert.ok(error instanceof ExamError, String(error));
      assert.equal(error.code, 'quality-refused');
      return error;
    },
  );

describe('the stage check_quality', () => {
  it('writes what every check found in a sound exam, without a warning, and the same bytes each time', async () => {
    const first = await checkPictures(phantomExam());
    assert.deepEqual(first.files, ['quality.json']);
    assert.deepEqual(first.summary, { verdict: 'ok', warnings: [] });
    assert.equal(first.document.verdict, 'ok');
    assert.equal(first.document.checks.filter(({ view }) => view === 'L_CC').length, VIEW_CHECKS.length);
    assert.deepEqual(
      first.document.checks.find(({ code, view }) => code === 'polarity' && view === 'R_MLO'),
      {
        code: 'polarity',
        view: 'R_MLO',
        value: 1,
        expected: [0.9, null],
        accepted: [0.5, null],
        verdict: 'ok',
        message: 'As expected.',
      },
    );
    assert.equal((await checkPictures(phantomExam())).text, first.text);
  });

  it('refuses a byte-swapped view in one sentence: the view, why, value and bound, and what to do', async () => {
    const exam = phantomExam();
    const error = await refusal({ ...exam, R_CC: swapBytes(exam.R_CC, 'R_CC') });
    assert.equal(error.view, 'R_CC');
    assert.match(
      error.message,
      /^Exam exam-1 is refused for R_CC: .*wrong byte order\. \(byte-order [\d.]+, accepted up to 0\.8; also .*\)$/,
    );
    const others = /also (.*)\)$/.exec(error.message)?.[1]?.split(', ') ?? [];
    assert.deepEqual([...new Set(others)], others, 'each is told once');
    assert.ok(!others.includes('byte-order in R_CC'));
    assert.match(error.next ?? '', /^Swap the bytes.* mammoflow accept exam-1 --check byte-order --view R_CC /);
    assert.ok(isLasting(error.code));
  });

  it('says of four views that face the other way that the list is missing or wrong', async () => {
    const exam = phantomExam();
    const mirrored = Object.fromEntries(VIEWS.map((view) => [view, mirror(exam[view], view)])) as unknown as Pictures;
    const error = await refusal(mirrored);
    assert.match(error.message, /^Exam exam-1 is refused: All four views point the other way/);
    assert.match(error.next ?? '', /gen_exam_list\.pkl/);
  });

  it('warns of what it refuses under the lenient policy, but refuses inverted grey under every one', async () => {
    const exam = phantomExam();
    const withFrame = { ...exam, L_MLO: framed(0.01, 1)(exam.L_MLO, 'L_MLO') };
    assert.match((await refusal(withFrame)).message, /\(frame /);
    const { document, summary } = await checkPictures(withFrame, { parameters: { policy: 'lenient' } });
    assert.equal(document.verdict, 'warn');
    assert.deepEqual(
      summary.warnings.map(({ code, view }) => [code, view]),
      [['frame', 'L_MLO']],
    );
    const inverted = { ...exam, L_MLO: invert(exam.L_MLO, 'L_MLO') };
    assert.match(
      (await refusal(inverted, { parameters: { policy: 'lenient' } })).message,
      /\(polarity 0, accepted from 0\.5/,
    );
  });

  it('takes bounds and actions of single checks from its parameters', async () => {
    const exam = phantomExam();
    const checks = { 'grey-levels': { expected: [4_000, null] }, 'breast-share': { action: 'off' } };
    const { document, summary } = await checkPictures(exam, { parameters: { checks } });
    assert.equal(summary.verdict, 'warn');
    assert.deepEqual(new Set(summary.warnings.map(({ code }) => code)), new Set(['grey-levels']));
    assert.ok(document.checks.every(({ code }) => code !== 'breast-share'));
    assert.throws(() => checkQuality.parameters.parse({ checks: { sharpnes: {} } }));
    assert.throws(() => checkQuality.parameters.parse({ checks: { frame: { expected: [1, 0] } } }), /above the upper/);
  });

  it('lets pass with a warning what a person accepts, in that view alone', async () => {
    const exam = phantomExam();
    const framedBoth = {
      ...exam,
      L_CC: framed(0.01, 1)(exam.L_CC, 'L_CC'),
      R_CC: framed(0.01, 1)(exam.R_CC, 'R_CC'),
    };
    assert.equal((await refusal(framedBoth, { accepted: 'frame:L_CC' })).view, 'R_CC');
    const { document } = await checkPictures(framedBoth, { accepted: 'frame:L_CC,frame:R_CC' });
    assert.deepEqual(
      document.checks
        .filter(({ verdict }) => verdict !== 'ok')
        .map(({ code, view, overridden }) => [code, view, overridden]),
      [
        ['frame', 'L_CC', true],
        ['frame', 'R_CC', true],
      ],
    );
  });

  it('warns of a breast without counterpart in its own word, and refuses nothing for what is left of it', async () => {
    const exam = phantomExam();
    const without = { ...exam, R_CC: sliver(exam.R_CC, 'R_CC'), R_MLO: sliver(exam.R_MLO, 'R_MLO') };
    const { document } = await checkPictures(without);
    assert.equal(document.verdict, 'warn');
    const found = document.checks.find(({ code }) => code === 'counterpart');
    assert.equal(found?.verdict, 'warn');
    assert.match(found?.message ?? '', /mastectomy/);
  });

  itWithShared('finds nothing in a real exam, and only that the views differ in one of two visits', async (shared) => {
    await withFolder(async (folder) => {
      const sound = await check(await filesOf(join(shared, 'exams', 'gmic-0')), join(folder, 'gmic-0'));
      assert.deepEqual(sound.summary, { verdict: 'ok', warnings: [] });
      const mixed = await check(await filesOf(join(shared, 'exams', 'mixed')), join(folder, 'mixed'));
      assert.deepEqual(
        mixed.summary.warnings.map(({ code }) => code),
        ['visits'],
      );
    });
  });
});
