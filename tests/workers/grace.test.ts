import assert from 'node:assert/strict';
import { MammoflowError } from '../../pipeline/errors.js';
import { requireGraceWithin } from '../../workers/grace.js';

describe("a worker's grace", () => {
  it('has to be over, with what follows, before the worker is killed', () => {
    requireGraceWithin(20, 30);
    requireGraceWithin(0, 10);
    assert.throws(
      () => requireGraceWithin(20, 29),
      (error) =>
        error instanceof MammoflowError && error.code === 'invalid-argument' && /take 30 s/.test(error.sentence),
    );
  });
});
