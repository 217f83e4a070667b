import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkResponse } from '../../../activities/stages/check-response.js';
import { writeGrey16Png } from '../../../imaging/grey16-png.js';
import { writeNpz } from '../../../imaging/npz.js';
import { responseReferenceOf } from '../../../imaging/quality/model-response.js';
import { ExamError, isLasting, MammoflowError } from '../../../pipeline/errors.js';
import { VIEWS, type View, viewFile } from '../../../pipeline/exam.js';
import { heatmapFile } from '../../../pipeline/heatmaps.js';
import { qualitySummarySchema, responseDocumentSchema } from '../../../pipeline/quality-report.js';
import { filesOf, runStageHere, withFolder } from '../../support/stage-run.js';

const ROWS = 64;
const COLUMNS = 48;
const image = { rows: ROWS, columns: COLUMNS, pixels: new Uint16Array(ROWS * COLUMNS).fill(700) };
const plane = (probability: number, rows = ROWS) => ({
  rows,
  columns: COLUMNS,
  pixels: new Float32Array(rows * COLUMNS).fill(probability),
});

const usual = { benignMedian: -4.595, benignUpper: -4.595, malignantMedian: -4.595, malignantUpper: -4.595 };
/** Of a network that finds 1 % everywhere. */
const exams = Array.from({ length: 20 }, () => Object.fromEntries(VIEWS.map((view) => [view, usual])));
const reference = responseReferenceOf(exams, 'a'.repeat(64));
const labels = { accepted: '', response: JSON.stringify(reference) };

interface Options {
  readonly malignant?: Partial<Record<View, number>>;
  readonly parameters?: object;
  readonly labels?: { readonly accepted: string; readonly response: string };
  readonly rows?: number;
}

const check = (options: Options = {}) =>
  withFolder(async (folder) => {
    for (const repo of ['crop', 'generate_heatmaps']) await mkdir(join(folder, repo));
    for (const view of VIEWS) {
      const planes = { benign: plane(0.01), malignant: plane(options.malignant?.[view] ?? 0.01, options.rows) };
      await writeFile(join(folder, 'crop', viewFile(view)), await writeGrey16Png(image));
      await writeFile(join(folder, 'generate_heatmaps', heatmapFile(view)), writeNpz(planes));
    }
    const files = {
      crop: await filesOf(join(folder, 'crop')),
      generate_heatmaps: await filesOf(join(folder, 'generate_heatmaps')),
    };
    const inputs = { exam: 'exam-1', models: {}, files, labels: options.labels ?? labels };
    const output = join(folder, 'check_response');
    const result = await runStageHere(checkResponse, inputs, output, { parameters: options.parameters ?? {} });
    const text = await readFile(join(output, 'response.json'), 'utf8');
    return {
      text,
      files: result.files,
      document: responseDocumentSchema.parse(JSON.parse(text)),
      summary: qualitySummarySchema.parse(result.summary),
    };
  });

describe('the stage check_response', () => {
  it('writes what the network answered to each view, without a warning, and the same bytes each time', async () => {
    const { document, summary, files, text } = await check();
    assert.deepEqual(files, ['response.json']);
    assert.deepEqual(summary, { verdict: 'ok', warnings: [] });
    assert.deepEqual(document.measured.L_MLO, usual);
    assert.deepEqual(
      document.checks.map(({ code, view, verdict }) => `${code} ${view} ${verdict}`),
      VIEWS.map((view) => `model-response ${view} ok`),
    );
    assert.equal((await check()).text, text);
  });

  it('warns of a view that it answers to as to no other, under the default policy', async () => {
    const { document, summary } = await check({ malignant: { R_CC: 0.9 } });
    assert.equal(document.verdict, 'warn');
    assert.deepEqual(
      summary.warnings.map(({ code, view }) => [code, view]),
      [['model-response', 'R_CC']],
    );
    assert.match(
      summary.warnings[0]?.message ?? '',
      /answers to this picture as to none .*malignant heatmap is too high/,
    );
  });

  it('refuses it where the policy says so, unless a person accepts it', async () => {
    const options = { malignant: { R_CC: 0.9 }, parameters: { action: 'refuse' } };
    const error = await check(options).then(
      () => assert.fail('the exam was not refused'),
      (caught) => caught,
    );
    assert.ok(error instanceof ExamError && isLasting(error.code), String(error));
    assert.equal(error.code, 'quality-refused');
    assert.match(error.message, /^Exam exam-1 is refused for R_CC: .*\(model-response [\d.]+, accepted up to 12\)$/);
    assert.match(error.next ?? '', /mammoflow accept exam-1 --check model-response --view R_CC /);
    const accepted = { ...labels, accepted: 'model-response:R_CC' };
    const { document } = await check({ ...options, labels: accepted });
    assert.equal(document.checks.find(({ view }) => view === 'R_CC')?.overridden, true);
  });

  it('says of a bundle without a reference that nobody can tell, and warns of nothing', async () => {
    const { document, summary } = await check({ malignant: { R_CC: 0.9 }, labels: { accepted: '', response: '' } });
    assert.deepEqual(summary, { verdict: 'ok', warnings: [] });
    assert.match(document.checks[1]?.message ?? '', /has no reference of how its network answers/);
  });

  it('does not measure heatmaps of another shape', async () => {
    await assert.rejects(check({ rows: ROWS - 1 }), (error) => {
      assert.ok(error instanceof MammoflowError);
      assert.equal(error.code, 'corrupt-data');
      return true;
    });
  });
});
