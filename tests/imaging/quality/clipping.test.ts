import assert from 'node:assert/strict';
import { findingIn, phantomExam } from './phantom-exam.js';

describe('tissue cut off at black', () => {
  it('is seen as holes inside the breast', () => {
    const { L_CC } = phantomExam();
    assert.equal(findingIn(L_CC, 'clipping').verdict, 'ok');
    // A window that begins above fat: only what is brighter than it is left, between holes.
    const pixels = L_CC.pixels.map((value, index) => (index % 4 === 0 ? 0 : value));
    assert.equal(findingIn({ ...L_CC, pixels }, 'clipping').verdict, 'refuse');
  });
});
