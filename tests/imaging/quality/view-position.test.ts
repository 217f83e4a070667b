import assert from 'node:assert/strict';
import { findingInExam, phantomExam } from './phantom-exam.js';

describe('CC and MLO views mixed up', () => {
  it('are refused for both breasts and for one', () => {
    const exam = phantomExam();
    assert.equal(findingInExam(exam, 'view-position').verdict, 'ok');
    const one = { ...exam, L_CC: exam.L_MLO, L_MLO: exam.L_CC };
    const finding = findingInExam(one, 'view-position');
    assert.equal(finding.verdict, 'refuse');
    assert.match(finding.message, /\(L_CC and L_MLO\)/);
    const both = { ...one, R_CC: exam.R_MLO, R_MLO: exam.R_CC };
    assert.equal(findingInExam(both, 'view-position').verdict, 'refuse');
  });
});
