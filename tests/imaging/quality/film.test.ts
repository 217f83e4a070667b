import assert from 'node:assert/strict';
import { filmScan } from '../../support/alterations.js';
import { findingIn, phantomExam } from './phantom-exam.js';

describe('a scanned film', () => {
  it('is warned of by its fog, edge, label and grain', () => {
    const { L_CC } = phantomExam();
    assert.equal(findingIn(L_CC, 'film').value, 0);
    assert.equal(findingIn(filmScan(L_CC, 'L_CC'), 'film').verdict, 'warn');
  });
});
