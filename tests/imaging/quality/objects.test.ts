import assert from 'node:assert/strict';
import { findingIn, phantomExam } from './phantom-exam.js';

describe('labels and other things in a view', () => {
  it('are warned of where they take much of the picture', () => {
    const { L_CC } = phantomExam();
    assert.equal(findingIn(L_CC, 'objects').value, 0);
    const pixels = L_CC.pixels.slice();
    const [height, width] = [Math.round(L_CC.rows * 0.35), Math.round(L_CC.columns * 0.12)];
    for (let row = 0; row < height; row += 1) {
      const end = (row + 1) * L_CC.columns - 20;
      pixels.fill(40_000, end - width, end);
    }
    const finding = findingIn({ ...L_CC, pixels }, 'objects');
    assert.equal(finding.verdict, 'warn', String(finding.value));
  });
});
