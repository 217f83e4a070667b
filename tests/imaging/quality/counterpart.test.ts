import assert from 'node:assert/strict';
import { findingInExam, phantomExam } from './phantom-exam.js';

describe('a breast without counterpart', () => {
  it('is warned of in its own word and not refused for its size', () => {
    const exam = phantomExam();
    assert.equal(findingInExam(exam, 'counterpart').verdict, 'ok');
    // What is left after a mastectomy: a sliver along the chest wall.
    const sliver = (view: 'R_CC' | 'R_MLO') => {
      const { rows, columns, pixels } = exam[view];
      return { rows, columns, pixels: pixels.map((value, index) => (index % columns < columns * 0.9 ? 0 : value)) };
    };
    const without = { ...exam, R_CC: sliver('R_CC'), R_MLO: sliver('R_MLO') };
    const finding = findingInExam(without, 'counterpart');
    assert.equal(finding.verdict, 'warn');
    assert.match(finding.message, /mastectomy/);
    assert.equal(findingInExam(without, 'breast-size').verdict, 'ok');
  });
});
