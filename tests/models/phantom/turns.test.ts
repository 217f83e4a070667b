import assert from 'node:assert/strict';
import { cosineOfTurns, sineOfTurns } from '../../../models/phantom/turns.js';

describe('sines and cosines of turns', () => {
  it('are those of the angle, whatever the number of turns', () => {
    for (let turns = -3; turns <= 3; turns += 0.0137) {
      assert.ok(Math.abs(sineOfTurns(turns) - Math.sin(2 * Math.PI * turns)) < 1e-8, `sine of ${turns}`);
      assert.ok(Math.abs(cosineOfTurns(turns) - Math.cos(2 * Math.PI * turns)) < 1e-8, `cosine of ${turns}`);
    }
  });
});
