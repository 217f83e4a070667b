import assert from 'node:assert/strict';
import type { ExamResult } from '../../api/reading/list-results.js';
import { DEMONSTRATION } from '../../cli/demonstration.js';
import { linesBesideTruth, shownBy } from '../../cli/truth-output.js';
import { planExam } from '../../models/phantom/plan-exam.js';
import { truthOf } from '../../models/phantom/truth.js';
import { RESEARCH_USE_ONLY } from '../../pipeline/predictions.js';

const { seed, exams, mix } = DEMONSTRATION;
const plans = Array.from({ length: exams }, (_, index) => planExam(seed, index + 1, mix));
const truth = truthOf(seed, mix, plans);

describe('results beside the truth', () => {
  const values = { left_benign: 0.25, right_benign: 0.5, left_malignant: 0.75, right_malignant: 1 };
  const result = (exam: string): ExamResult => ({
    exam,
    outcome: 'processed',
    bundle: 'demonstration',
    notice: 'Has never seen a patient.',
    image: { ...values, left_benign: 0.1 },
    imageheatmaps: values,
  });

  it('mark the labels that are true, and say what was drawn, by whom, and what it is good for', () => {
    const lines = linesBesideTruth(
      truth.exams.map(({ exam }) => result(exam)),
      truth,
    ).flatMap((text) => text.split('\n'));
    for (const { exam, labels } of truth.exams) {
      const line = lines.find((one) => one.startsWith(exam));
      const shown = truth.exams.find((one) => one.exam === exam);
      assert.ok(line !== undefined && shown !== undefined && line.includes(shownBy(shown)), exam);
      assert.equal(line.includes('0.2500*'), labels.left_benign, line);
      assert.equal(line.includes('0.5000*'), labels.right_benign, line);
      assert.equal(line.includes('0.7500*'), labels.left_malignant, line);
      assert.equal(line.includes('1.0000*'), labels.right_malignant, line);
    }
    assert.ok(lines.some((line) => /synthetic.*show no patient/.test(line)));
    assert.ok(lines.includes('Has never seen a patient.'));
    assert.ok(lines.includes(RESEARCH_USE_ONLY));
  });

  it('say why an exam has none', () => {
    const exam = truth.exams[0]?.exam as string;
    const lines = linesBesideTruth([{ exam, outcome: 'failed', reason: 'No breast.' }], truth);
    assert.ok(lines.includes(`${exam}: failed: No breast.`));
  });

  it('put in words what an exam shows', () => {
    assert.deepEqual(
      new Set(truth.exams.map(shownBy)),
      new Set([
        'no lesion',
        'benign mass left',
        'benign calcifications right',
        'malignant mass left',
        'malignant calcifications right',
      ]),
    );
  });
});
