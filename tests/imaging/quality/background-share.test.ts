import assert from 'node:assert/strict';
import { constant, photograph } from '../../support/alterations.js';
import { findingIn, phantomExam } from './phantom-exam.js';

describe('the share of a view that is background', () => {
  it('is refused where there is none: a constant picture, a photograph', () => {
    const { L_CC } = phantomExam();
    assert.equal(findingIn(L_CC, 'background-share').verdict, 'ok');
    for (const alter of [constant(0), constant(30_000), photograph])
      assert.equal(findingIn(alter(L_CC, 'L_CC'), 'background-share').verdict, 'refuse');
  });
});
