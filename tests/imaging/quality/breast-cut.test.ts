import assert from 'node:assert/strict';
import { cutBelow, cutPointing } from '../../support/alterations.js';
import { findingIn, phantomExam } from './phantom-exam.js';

describe('a breast that the picture cuts', () => {
  it('is refused in front and below, and sound at the chest wall', () => {
    const { L_CC } = phantomExam();
    assert.equal(findingIn(L_CC, 'breast-cut').verdict, 'ok');
    assert.equal(findingIn(cutPointing(0.4)(L_CC, 'L_CC'), 'breast-cut').verdict, 'refuse');
    assert.equal(findingIn(cutBelow(0.4)(L_CC, 'L_CC'), 'breast-cut').verdict, 'refuse');
  });
});
