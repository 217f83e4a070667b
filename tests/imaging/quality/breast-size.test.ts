import assert from 'node:assert/strict';
import { scaled } from '../../support/alterations.js';
import { findingInExam, phantomExam } from './phantom-exam.js';

describe('breasts of different size', () => {
  it('are refused where one view is of another scale', () => {
    const exam = phantomExam();
    assert.equal(findingInExam(exam, 'breast-size').verdict, 'ok');
    const half = { ...exam, L_CC: scaled(0.5)(exam.L_CC, 'L_CC') };
    assert.equal(findingInExam(half, 'breast-size').verdict, 'refuse');
  });
});
