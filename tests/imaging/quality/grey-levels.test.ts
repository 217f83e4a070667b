import assert from 'node:assert/strict';
import { posterised } from '../../support/alterations.js';
import { findingIn, phantomExam } from './phantom-exam.js';

describe('the grey levels of a view', () => {
  it('are refused when there are no more than 8 bits give', () => {
    const { L_CC } = phantomExam();
    assert.equal(findingIn(L_CC, 'grey-levels').verdict, 'ok');
    for (const levels of [64, 256])
      assert.equal(findingIn(posterised(levels)(L_CC, 'L_CC'), 'grey-levels').verdict, 'refuse');
  });
});
