import assert from 'node:assert/strict';
import { findingInExam, phantomExam } from './phantom-exam.js';

describe('views of two visits', () => {
  it('are warned of where the detectors differ', () => {
    const exam = phantomExam();
    assert.equal(findingInExam(exam, 'visits').verdict, 'ok');
    const { L_CC: other } = phantomExam(2);
    const pixels = other.pixels.map((value) => (value === 0 ? 0 : Math.max(1, value >> 4)));
    assert.equal(findingInExam({ ...exam, L_CC: { ...other, pixels } }, 'visits').verdict, 'warn');
  });
});
