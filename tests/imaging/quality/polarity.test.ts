import assert from 'node:assert/strict';
import { invert, noisy } from '../../support/alterations.js';
import { findingIn, phantomExam } from './phantom-exam.js';

describe('the polarity of a view', () => {
  it('is right where the breast is brighter than the background', () => {
    assert.equal(findingIn(phantomExam().R_MLO, 'polarity', 'R_MLO').value, 1);
  });

  it('is refused with inverted grey, noisy or not', () => {
    const inverted = invert(phantomExam().R_MLO, 'R_MLO');
    for (const image of [inverted, noisy(0.01)(inverted, 'R_MLO')]) {
      const finding = findingIn(image, 'polarity', 'R_MLO');
      assert.equal(finding.verdict, 'refuse');
      assert.match(finding.message, /inverted/);
    }
  });
});
