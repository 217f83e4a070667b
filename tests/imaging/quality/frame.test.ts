import assert from 'node:assert/strict';
import { framed } from '../../support/alterations.js';
import { findingIn, phantomExam } from './phantom-exam.js';

describe('a frame about a view', () => {
  it('is refused, white or grey, all round or along one edge', () => {
    const { L_CC } = phantomExam();
    assert.equal(findingIn(L_CC, 'frame').value, 0);
    for (const alter of [framed(0.01, 1), framed(0.02, 0.4), framed(0.03, 1, 't'), framed(0.03, 1, 'l')])
      assert.equal(findingIn(alter(L_CC, 'L_CC'), 'frame').verdict, 'refuse');
  });

  it('is said with its width at each edge', () => {
    const { L_CC } = phantomExam();
    const width = Math.round(0.02 * L_CC.rows);
    const { message } = findingIn(framed(0.02, 1, 'tr')(L_CC, 'L_CC'), 'frame');
    assert.equal(message, `The picture has a frame: ${width} pixels at the top, ${width} pixels at the right.`);
  });
});
