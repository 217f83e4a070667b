import assert from 'node:assert/strict';
import { swapBytes } from '../../support/alterations.js';
import { findingIn, phantomExam } from './phantom-exam.js';

describe('the byte order of a view', () => {
  it('is right in a phantom and in one of 12 bits', () => {
    const { L_CC, R_MLO } = phantomExam();
    assert.equal(findingIn(L_CC, 'byte-order').verdict, 'ok');
    const unstretched = { ...R_MLO, pixels: R_MLO.pixels.map((value) => value >> 4) };
    assert.equal(findingIn(unstretched, 'byte-order', 'R_MLO').verdict, 'ok');
  });

  it('is refused when the bytes of every value are swapped, in 16 bits and in 12', () => {
    const { L_CC } = phantomExam();
    const finding = findingIn(swapBytes(L_CC, 'L_CC'), 'byte-order');
    assert.equal(finding.verdict, 'refuse');
    assert.match(finding.message, /wrong byte order/);
    const unstretched = { ...L_CC, pixels: L_CC.pixels.map((value) => value >> 4) };
    assert.equal(findingIn(swapBytes(unstretched, 'L_CC'), 'byte-order').verdict, 'refuse');
  });
});
