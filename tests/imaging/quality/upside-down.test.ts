import assert from 'node:assert/strict';
import { upsideDown } from '../../support/alterations.js';
import { findingIn, phantomExam } from './phantom-exam.js';

describe('an MLO view upside down', () => {
  it('is refused; of a CC view nothing is said, because it looks the same', () => {
    const { R_MLO, R_CC } = phantomExam();
    assert.equal(findingIn(R_MLO, 'upside-down', 'R_MLO').verdict, 'ok');
    assert.equal(findingIn(upsideDown(R_MLO, 'R_MLO'), 'upside-down', 'R_MLO').verdict, 'refuse');
    assert.equal(findingIn(upsideDown(R_CC, 'R_CC'), 'upside-down', 'R_CC').value, undefined);
  });
});
