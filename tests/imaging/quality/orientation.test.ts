import assert from 'node:assert/strict';
import { rotate90, rotate270 } from '../../support/alterations.js';
import { findingIn, phantomExam } from './phantom-exam.js';

describe('the orientation of a view', () => {
  it('is refused when it lies on its side, either way round, in CC and in MLO views', () => {
    const exam = phantomExam();
    for (const view of ['L_CC', 'R_MLO'] as const) {
      assert.equal(findingIn(exam[view], 'orientation', view).verdict, 'ok');
      for (const turn of [rotate90, rotate270])
        assert.equal(findingIn(turn(exam[view], view), 'orientation', view).verdict, 'refuse');
    }
  });
});
