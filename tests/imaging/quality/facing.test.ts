import assert from 'node:assert/strict';
import { mirror } from '../../support/alterations.js';
import { findingInExam, phantomExam } from './phantom-exam.js';

describe('an exam whose views all point the other way', () => {
  it('is refused, and right with the list that says so', () => {
    const exam = phantomExam();
    const mirrored = {
      L_CC: mirror(exam.L_CC, 'L_CC'),
      R_CC: mirror(exam.R_CC, 'R_CC'),
      L_MLO: mirror(exam.L_MLO, 'L_MLO'),
      R_MLO: mirror(exam.R_MLO, 'R_MLO'),
    };
    assert.equal(findingInExam(exam, 'facing').value, 0);
    const finding = findingInExam(mirrored, 'facing');
    assert.equal(finding.verdict, 'refuse');
    assert.match(finding.next ?? '', /horizontal_flip/);
    assert.equal(findingInExam(mirrored, 'facing', 'YES').verdict, 'ok');
  });
});
