import assert from 'node:assert/strict';
import { joined } from '../../support/alterations.js';
import { findingIn, phantomExam } from './phantom-exam.js';

describe('two breasts in a view', () => {
  it('are refused, side by side or one above the other', () => {
    const { L_CC, R_CC, L_MLO } = phantomExam();
    assert.equal(findingIn(L_CC, 'second-breast').value, 0);
    for (const image of [joined(L_CC, R_CC, true), joined(L_CC, L_MLO, false)])
      assert.equal(findingIn(image, 'second-breast').verdict, 'refuse');
  });
});
