import assert from 'node:assert/strict';
import { allNoise, oneBrightPixel, textPage } from '../../support/alterations.js';
import { findingIn, phantomExam } from './phantom-exam.js';

describe('the share of a view that the breast takes', () => {
  it('is refused where there is no breast: one bright pixel, a page of text, all noise', () => {
    const { L_CC } = phantomExam();
    assert.equal(findingIn(L_CC, 'breast-share').verdict, 'ok');
    for (const alter of [oneBrightPixel, textPage(true), textPage(false), allNoise])
      assert.equal(findingIn(alter(L_CC, 'L_CC'), 'breast-share').verdict, 'refuse');
  });
});
