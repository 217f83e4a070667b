import assert from 'node:assert/strict';
import { EXAM_KINDS, kindOfExam, parseMix, STANDARD_MIX } from '../../../models/phantom/mix.js';
import type { MammoflowError } from '../../../pipeline/errors.js';

describe('a mix of exams', () => {
  it('is read from the command line, with none of the kinds left out', () => {
    assert.deepEqual(parseMix('normal=2, malignant=3'), { normal: 2, benign: 0, malignant: 3, both: 0 });
  });

  for (const wrong of [
    '',
    'normal',
    'normal=0',
    'normal=-1',
    'normal=1.5',
    'healthy=2',
    'normal=1,normal=2',
    'both=1001',
  ]) {
    it(`is refused with advice where it is "${wrong}"`, () => {
      assert.throws(
        () => parseMix(wrong),
        (error: MammoflowError) => error.code === 'invalid-argument' && error.sentence.includes('normal=2,benign=2'),
      );
    });
  }

  it('is kept exactly in every run of as many exams as it adds up to', () => {
    const length = EXAM_KINDS.reduce((sum, kind) => sum + STANDARD_MIX[kind], 0);
    for (const start of [1, 1 + length, 1 + 7 * length]) {
      const kinds = Array.from({ length }, (_, offset) => kindOfExam(3, start + offset, STANDARD_MIX));
      for (const kind of EXAM_KINDS) {
        assert.equal(kinds.filter((one) => one === kind).length, STANDARD_MIX[kind], kind);
      }
    }
  });

  it('is dealt in another order for another seed', () => {
    const order = (seed: number) => Array.from({ length: 20 }, (_, index) => kindOfExam(seed, index + 1, STANDARD_MIX));
    assert.deepEqual(order(1), order(1));
    assert.notDeepEqual(order(1), order(2));
  });
});
