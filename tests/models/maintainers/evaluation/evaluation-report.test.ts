import assert from 'node:assert/strict';
import { evaluationFigures } from '../../../../models/maintainers/evaluation/evaluation-report.js';
import { evaluationTables } from '../../../../models/maintainers/evaluation/evaluation-tables.js';
import {
  MARK_THRESHOLDS,
  type MeasuredExam,
  type MeasuredView,
  STATED_THRESHOLD,
} from '../../../../models/maintainers/evaluation/measured-exam.js';
import { LABELS, type Label } from '../../../../pipeline/predictions.js';

const [lesionHere, elsewhere] = [
  { row: 50, column: 50 },
  { row: 500, column: 500 },
];
/** A view whose heatmap has one mark, as high as its peak. */
function view(peak: { row: number; column: number; value: number }, ...kinds: ('benign' | 'malignant')[]) {
  return {
    lesions: kinds.map((kind) => ({ ...lesionHere, kind, form: 'mass', radius: 40 })),
    peak,
    marks: MARK_THRESHOLDS.map((threshold) => ({ threshold, marks: peak.value >= threshold ? [peak] : [] })),
  } satisfies MeasuredView;
}
const nothing = view({ ...elsewhere, value: 0.01 });

function exam(name: string, kind: string, positive: readonly Label[], scores: number[], views = {}): MeasuredExam {
  const probabilities = Object.fromEntries(LABELS.map((label, index) => [label, scores[index]]));
  return {
    exam: name,
    kind,
    labels: Object.fromEntries(LABELS.map((label) => [label, positive.includes(label)])),
    predictions: { exam: name, image: probabilities, imageheatmaps: probabilities },
    views: { L_CC: nothing, R_CC: nothing, L_MLO: nothing, R_MLO: nothing, ...views },
  } as MeasuredExam;
}

/** Left malignant is found in one view of two; the normal exam has a mark that is none. */
const EXAMS = [
  exam('a', 'malignant', ['left_malignant'], [0.2, 0.1, 0.9, 0.3], {
    L_CC: view({ ...lesionHere, value: 0.8 }, 'malignant'),
    L_MLO: view({ ...elsewhere, value: 0.3 }, 'malignant'),
  }),
  exam('b', 'benign', ['right_benign'], [0.3, 0.4, 0.1, 0.1], {
    R_CC: view({ ...lesionHere, value: 0.02 }, 'benign'),
  }),
  exam('c', 'normal', [], [0.1, 0.5, 0.1, 0.95], { R_MLO: view({ ...elsewhere, value: 0.6 }) }),
];
const figures = evaluationFigures(EXAMS, 100);

describe('the figures of an evaluation', () => {
  it('hold AUC per label and for both breasts together', () => {
    const auc = (label: string) => figures.auc.find((row) => row.variant === 'image' && row.label === label);
    assert.equal(auc('left_malignant')?.auc, 1);
    // 0.9 against 0.1, 0.1, 0.3, 0.1 and 0.95.
    assert.deepEqual([auc('malignant')?.auc, auc('malignant')?.positives, auc('malignant')?.negatives], [4 / 5, 1, 5]);
    // 0.4 against 0.2, 0.1, 0.3, 0.1 and 0.5.
    assert.equal(auc('benign')?.auc, 4 / 5);
    assert.ok(Number.isNaN(auc('left_benign')?.auc));
  });

  it('count hits of the maximum by view, and by the higher of the views of a breast', () => {
    assert.deepEqual([figures.hits.views.hits, figures.hits.views.cases], [1, 2]);
    assert.deepEqual([figures.hits.breasts.hits, figures.hits.breasts.cases], [1, 1]);
    assert.deepEqual(Object.keys(figures.hits.byForm), ['mass']);
  });

  it('count as false the marks in exams without any lesion, and none elsewhere', () => {
    const stated = figures.marks.find(({ threshold }) => threshold === STATED_THRESHOLD);
    assert.deepEqual([stated?.marked.hits, stated?.marked.cases], [1, 2]);
    assert.deepEqual([stated?.falseMarks.exams, stated?.falseMarks.marks, stated?.falseMarks.perExam], [1, 1, 1]);
  });

  it('print as tables that name what is not defined', () => {
    const text = evaluationTables(figures);
    assert.match(text, /^3 exams \(1 benign, 1 malignant, 1 normal\)/);
    assert.match(text, /\| image \| malignant \| 1 \| 5 \| 0\.800 \|/);
    assert.match(text, /\| image \| left benign \| 0 \| 3 \| n\/a \|/);
    assert.match(text, /\| views with a malignant lesion \| 1 of 2 \| 0\.500 \|/);
  });
});
