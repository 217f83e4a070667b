import assert from 'node:assert/strict';
import { scaled } from '../../support/alterations.js';
import { findingInExam, phantomExam } from './phantom-exam.js';

describe('pictures of different size', () => {
  it('are warned of', () => {
    const exam = phantomExam();
    assert.equal(findingInExam(exam, 'picture-size').value, 1);
    const half = { ...exam, R_MLO: scaled(0.5)(exam.R_MLO, 'R_MLO') };
    assert.equal(findingInExam(half, 'picture-size').verdict, 'warn');
  });
});
