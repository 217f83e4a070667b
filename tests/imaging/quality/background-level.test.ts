import assert from 'node:assert/strict';
import { offset } from '../../support/alterations.js';
import { findingIn, phantomExam } from './phantom-exam.js';

describe('the level of a background', () => {
  it('is refused unless it is 0, since one step above counts as breast', () => {
    const { L_CC } = phantomExam();
    assert.equal(findingIn(L_CC, 'background-level').value, 0);
    for (const share of [0, 0.1]) {
      const finding = findingIn(offset(share)(L_CC, 'L_CC'), 'background-level');
      assert.equal(finding.verdict, 'refuse');
      assert.match(finding.message, /The background is not 0/);
    }
  });
});
