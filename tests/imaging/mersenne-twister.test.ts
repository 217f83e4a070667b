import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MersenneTwister, randint, sample, uniform } from '../../imaging/mersenne-twister.js';
import { itWithShared } from '../support/shared.js';
import { goldenJson } from './golden.js';

interface RandomVectors {
  python_random_seed0_u32_first10: number[];
  python_random_seed0_samples_in_sequence: { n: number; k: number; result: number[] }[];
  numpy_randomstate_seed0_uniform_first12: number[];
  'numpy_seed7_randint(0,3)x5_then_uniform': [number[], number];
}

describe('Mersenne Twister', () => {
  it("gives the generator's published first number for the seed 5489", () => {
    assert.equal(MersenneTwister.numpy(5489).nextUint32(), 3499211612);
  });

  it('gives the first numbers that Python and NumPy users know for the seed 0', () => {
    assert.equal(MersenneTwister.python(0).nextDouble(), 0.8444218515250481);
    assert.equal(MersenneTwister.numpy(0).nextDouble(), 0.5488135039273248);
  });

  itWithShared("repeats Python's words and samples", (shared) => {
    const vectors = goldenJson<RandomVectors>(shared, 'rng_vectors.json');
    const words = MersenneTwister.python(0);
    assert.deepEqual(
      vectors.python_random_seed0_u32_first10.map(() => words.nextUint32()),
      vectors.python_random_seed0_u32_first10,
    );
    const stream = MersenneTwister.python(0);
    for (const { n, k, result } of vectors.python_random_seed0_samples_in_sequence) {
      assert.deepEqual(sample(stream, n, k), result, `sample(range(${n}), ${k})`);
    }
  });

  itWithShared("repeats NumPy's uniform numbers and integers", (shared) => {
    const vectors = goldenJson<RandomVectors>(shared, 'rng_vectors.json');
    const stream = MersenneTwister.numpy(0);
    assert.deepEqual(
      vectors.numpy_randomstate_seed0_uniform_first12.map(() => uniform(stream, -1, 1)),
      vectors.numpy_randomstate_seed0_uniform_first12,
    );
    const [integers, after] = vectors['numpy_seed7_randint(0,3)x5_then_uniform'];
    const other = MersenneTwister.numpy(7);
    assert.deepEqual(
      integers.map(() => randint(other, 0, 3)),
      integers,
    );
    assert.equal(uniform(other, -1, 1), after);
  });

  it('takes nothing from the stream for an integer that has no choice', () => {
    const [drawn, untouched] = [MersenneTwister.numpy(3), MersenneTwister.numpy(3)];
    assert.equal(randint(drawn, 4, 5), 4);
    assert.equal(drawn.nextUint32(), untouched.nextUint32());
  });

  it('samples different numbers below n, whatever the sizes', () => {
    const sizes = fc
      .integer({ min: 0, max: 400 })
      .chain((n) => fc.tuple(fc.constant(n), fc.integer({ min: 0, max: n })));
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 0xffffffff }), ([n, k], seed) => {
        const drawn = sample(MersenneTwister.python(seed), n, k);
        assert.equal(new Set(drawn).size, k);
        assert.ok(drawn.every((value) => value >= 0 && value < n));
      }),
    );
  });

  it('refuses seeds and ranges that it cannot honour', () => {
    for (const seed of [-1, 0.5, 2 ** 32]) assert.throws(() => MersenneTwister.python(seed), RangeError);
    assert.throws(() => randint(MersenneTwister.numpy(0), 3, 3), RangeError);
    assert.throws(() => sample(MersenneTwister.python(0), 3, 4), RangeError);
  });
});
