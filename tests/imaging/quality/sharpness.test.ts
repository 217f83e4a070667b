import assert from 'node:assert/strict';
import { blurred } from '../../support/alterations.js';
import { findingIn, phantomExam } from './phantom-exam.js';

describe('the sharpness of a view', () => {
  it('is warned of when it was blurred by a few pixels', () => {
    const { L_CC } = phantomExam();
    assert.equal(findingIn(L_CC, 'sharpness').verdict, 'ok');
    assert.equal(findingIn(blurred(3)(L_CC, 'L_CC'), 'sharpness').verdict, 'warn');
  });
});
