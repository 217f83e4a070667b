import assert from 'node:assert/strict';
import { Random } from '../../../models/phantom/random.js';

describe('a stream of random numbers', () => {
  const DRAWS = 100_000;

  it('is the same for the same key, and has nothing to do with those of other keys', () => {
    const words = (...key: number[]) => {
      const random = new Random(...key);
      return Array.from({ length: 8 }, () => random.word());
    };
    assert.deepEqual(words(1, 2, 3), words(1, 2, 3));
    const all = [
      words(),
      words(0),
      words(0, 0),
      words(1),
      words(0, 1),
      words(1, 0),
      words(2 ** 31),
      words(2 ** 32 - 1),
    ];
    assert.equal(new Set(all.flat()).size, 64);
  });

  it('is spread evenly over its range', () => {
    const random = new Random(5);
    const counts = new Array<number>(10).fill(0);
    for (let draw = 0; draw < DRAWS; draw += 1) counts[random.integer(0, 9)]! += 1;
    for (const count of counts) assert.ok(Math.abs(count - DRAWS / 10) < 500, `${counts}`);
  });

  it('has normal numbers of mean 0 and standard deviation 1', () => {
    const random = new Random(6);
    let [sum, squares] = [0, 0];
    for (let draw = 0; draw < DRAWS; draw += 1) {
      const value = random.normal();
      sum += value;
      squares += value * value;
    }
    assert.ok(Math.abs(sum / DRAWS) < 0.02, `mean ${sum / DRAWS}`);
    assert.ok(Math.abs(squares / DRAWS - 1) < 0.02, `variance ${squares / DRAWS}`);
  });
});
