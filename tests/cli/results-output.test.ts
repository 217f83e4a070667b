import assert from 'node:assert/strict';
import type { ExamResult } from '../../api/reading/list-results.js';
import { resultsCsv } from '../../cli/results-output.js';
import { LABELS, RESEARCH_USE_ONLY } from '../../pipeline/predictions.js';

const values = Object.fromEntries(LABELS.map((label, index) => [label, index / 8])) as NonNullable<ExamResult['image']>;

describe('results as CSV', () => {
  it('have one line an exam and classifier, each with the notice', () => {
    const result: ExamResult = {
      exam: 'a',
      outcome: 'processed',
      job: 'j',
      bundle: 'b',
      image: values,
      imageheatmaps: values,
    };
    const lines = resultsCsv([result]).split('\r\n');
    assert.deepEqual(lines, [
      `exam,outcome,reason,job,bundle,classifier,${LABELS.join(',')},warnings,notice`,
      `a,processed,,j,b,image,0,0.125,0.25,0.375,,${RESEARCH_USE_ONLY}`,
      `a,processed,,j,b,imageheatmaps,0,0.125,0.25,0.375,,${RESEARCH_USE_ONLY}`,
    ]);
  });

  it('quote what holds commas, quotes or line ends, and leave numbers out where there are none', () => {
    const failed: ExamResult = { exam: 'a', outcome: 'failed', reason: 'No "breast", \nnone.', notice: 'Random.' };
    assert.ok(
      resultsCsv([failed]).includes(`a,failed,"No ""breast"", \nnone.",,,image,,,,,,${RESEARCH_USE_ONLY} Random.\r\n`),
      resultsCsv([failed]),
    );
  });
});
