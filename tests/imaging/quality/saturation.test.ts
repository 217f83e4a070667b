import assert from 'node:assert/strict';
import { saturated } from '../../support/alterations.js';
import { findingIn, phantomExam } from './phantom-exam.js';

describe('saturated tissue', () => {
  it('is warned of where it is some of the breast, and refused where it is much', () => {
    const { L_CC } = phantomExam();
    const verdict = (share: number): string => findingIn(saturated(share)(L_CC, 'L_CC'), 'saturation').verdict;
    assert.equal(findingIn(L_CC, 'saturation').verdict, 'ok');
    assert.equal(verdict(0.05), 'warn');
    assert.equal(verdict(0.25), 'refuse');
  });
});
