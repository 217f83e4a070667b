import assert from 'node:assert/strict';
import { mirror } from '../../support/alterations.js';
import { findingInExam, phantomExam } from './phantom-exam.js';

describe('one picture under two names', () => {
  it('is refused, as it is and mirrored, and the two names are said', () => {
    const exam = phantomExam();
    assert.equal(findingInExam(exam, 'same-picture').verdict, 'ok');
    const doubled = findingInExam({ ...exam, L_MLO: exam.L_CC }, 'same-picture');
    assert.equal(doubled.verdict, 'refuse');
    assert.equal(doubled.message, 'L_CC and L_MLO show the same picture.');
    const copied = findingInExam({ ...exam, R_CC: mirror(exam.L_CC, 'L_CC') }, 'same-picture');
    assert.equal(copied.verdict, 'refuse');
    assert.equal(copied.message, 'L_CC and R_CC show the same picture (mirrored).');
  });
});
