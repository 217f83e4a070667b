import assert from 'node:assert/strict';
import { noisy } from '../../support/alterations.js';
import { findingIn, phantomExam } from './phantom-exam.js';

describe('the noise of a view', () => {
  it('is refused where it outweighs the tissue', () => {
    const { L_CC } = phantomExam();
    assert.equal(findingIn(L_CC, 'noise').verdict, 'ok');
    assert.equal(findingIn(noisy(0.3)(L_CC, 'L_CC'), 'noise').verdict, 'refuse');
  });
});
