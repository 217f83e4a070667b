import assert from 'node:assert/strict';
import { mirror, rotate180 } from '../../support/alterations.js';
import { findingIn, phantomExam } from './phantom-exam.js';

describe('the side of the chest wall', () => {
  it('is where view and horizontal_flip say', () => {
    const { L_CC, R_MLO } = phantomExam();
    assert.equal(findingIn(L_CC, 'chest-wall-side', 'L_CC').verdict, 'ok');
    assert.equal(findingIn(R_MLO, 'chest-wall-side', 'R_MLO').verdict, 'ok');
    assert.equal(findingIn(mirror(L_CC, 'L_CC'), 'chest-wall-side', 'L_CC', 'YES').verdict, 'ok');
  });

  it('is refused in a mirrored view, a turned one, and one of the other breast', () => {
    const { L_CC, R_CC } = phantomExam();
    for (const image of [mirror(L_CC, 'L_CC'), rotate180(L_CC, 'L_CC'), R_CC]) {
      const finding = findingIn(image, 'chest-wall-side');
      assert.equal(finding.verdict, 'refuse');
      assert.match(finding.message, /points left, but L_CC with horizontal_flip NO should point right/);
    }
  });
});
