import assert from 'node:assert/strict';
import { implant } from '../../support/alterations.js';
import { findingIn, phantomExam } from './phantom-exam.js';

describe('an implant', () => {
  it('is warned of as a large even white part of the breast', () => {
    const { L_CC } = phantomExam();
    assert.equal(findingIn(L_CC, 'bright-object').verdict, 'ok');
    assert.equal(findingIn(implant(0.6)(L_CC, 'L_CC'), 'bright-object').verdict, 'warn');
  });
});
