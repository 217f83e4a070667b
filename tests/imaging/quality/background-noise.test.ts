import assert from 'node:assert/strict';
import { noisyBackground } from '../../support/alterations.js';
import { findingIn, phantomExam } from './phantom-exam.js';

describe('the noise of a background', () => {
  it('is none in a sound view, and refused where it is like that of tissue', () => {
    const { L_MLO } = phantomExam();
    assert.equal(findingIn(L_MLO, 'background-noise', 'L_MLO').value, 0);
    const noisy = noisyBackground(0.05)(L_MLO, 'L_MLO');
    assert.equal(findingIn(noisy, 'background-noise', 'L_MLO').verdict, 'refuse');
  });
});
