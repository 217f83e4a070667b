const STATE_WORDS = 624;
const SHIFT = 397;

/**
 * The MT19937 generator (Matsumoto and Nishimura 1998), with the two ways of seeding that the published results rest
 * on. `python` gives the stream of Python's `random.seed(seed)`, `numpy` that of `numpy.random.RandomState(seed)`;
 * the same seed gives different streams. Draws advance the state, so sharing an instance shares the stream.
 */
export class MersenneTwister {
  private readonly state: Uint32Array;
  private next = STATE_WORDS;

  private constructor(state: Uint32Array) {
    this.state = state;
  }

  /**
   * Seeds as Python's `random` module does: `init_by_array` with the seed as its only key word.
   * @throws RangeError unless `seed` is an integer from 0 to 2^32 - 1.
   */
  static python(seed: number): MersenneTwister {
    checkSeed(seed);
    const state = linearState(19650218);
    const word = (index: number): number => state[index] as number;
    let i = 1;
    for (let k = 0; k < STATE_WORDS; k += 1) {
      const mixed = word(i - 1) ^ (word(i - 1) >>> 30);
      state[i] = (word(i) ^ Math.imul(mixed, 1664525)) + seed;
      i += 1;
      if (i === STATE_WORDS) {
        state[0] = word(STATE_WORDS - 1);
        i = 1;
      }
    }
    for (let k = 0; k < STATE_WORDS - 1; k += 1) {
      const mixed = word(i - 1) ^ (word(i - 1) >>> 30);
      state[i] = (word(i) ^ Math.imul(mixed, 1566083941)) - i;
      i += 1;
      if (i === STATE_WORDS) {
        state[0] = word(STATE_WORDS - 1);
        i = 1;
      }
    }
    state[0] = 0x80000000;
    return new MersenneTwister(state);
  }

  /**
   * Seeds as NumPy's legacy `RandomState` does: `init_genrand`.
   * @throws RangeError unless `seed` is an integer from 0 to 2^32 - 1.
   */
  static numpy(seed: number): MersenneTwister {
    checkSeed(seed);
    return new MersenneTwister(linearState(seed));
  }

  /** The next word of the stream, 0 to 2^32 - 1. */
  nextUint32(): number {
    if (this.next === STATE_WORDS) this.refill();
    let y = this.state[this.next] as number;
    this.next += 1;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** A double from 0 (included) to 1 (excluded) with 53 random bits; takes two words. */
  nextDouble(): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  private refill(): void {
    const state = this.state;
    for (let i = 0; i < STATE_WORDS; i += 1) {
      const joined = ((state[i] as number) & 0x80000000) | ((state[(i + 1) % STATE_WORDS] as number) & 0x7fffffff);
      const twist = (joined & 1) === 0 ? 0 : 0x9908b0df;
      state[i] = (state[(i + SHIFT) % STATE_WORDS] as number) ^ (joined >>> 1) ^ twist;
    }
    this.next = 0;
  }
}

/** NumPy's `RandomState.uniform(low, high)`: takes two words. */
export const uniform = (random: MersenneTwister, low: number, high: number): number =>
  low + (high - low) * random.nextDouble();

/**
 * NumPy's legacy `RandomState.randint(low, high)` for ranges below 2^32: masked rejection on single words. A range of
 * one value takes nothing from the stream.
 * @throws RangeError when the range is empty or too wide.
 */
export function randint(random: MersenneTwister, low: number, high: number): number {
  const widest = high - low - 1;
  if (!Number.isInteger(widest) || widest < 0 || widest > 0xffffffff) {
    throw new RangeError(`randint needs a range of 1 to 2^32 integers, got ${low} to ${high}`);
  }
  if (widest === 0) return low;
  const mask = 2 ** bitLength(widest) - 1;
  for (;;) {
    const word = (random.nextUint32() & mask) >>> 0;
    if (word <= widest) return low + word;
  }
}

/**
 * Python's `random.sample(range(n), k)` as it is from version 3.2 on: `k` different integers below `n` in the order
 * drawn. Small ranges are drawn from a shrinking pool, large ones by rejection; the two take different words from the
 * stream, so the switch between them is part of the result.
 * @throws RangeError unless 0 <= k <= n < 2^31.
 */
export function sample(random: MersenneTwister, n: number, k: number): number[] {
  if (!Number.isInteger(n) || !Number.isInteger(k) || k < 0 || k > n || n > 0x7fffffff) {
    throw new RangeError(`sample needs 0 <= k <= n < 2^31, got n ${n} and k ${k}`);
  }
  let setSize = 21;
  if (k > 5) {
    // The power of 4 at or above 3k.
    let power = 1;
    while (power < 3 * k) power *= 4;
    setSize += power;
  }
  if (n <= setSize) {
    const pool = Array.from({ length: n }, (_, index) => index);
    return Array.from({ length: k }, (_, drawn) => {
      const index = randomBelow(random, n - drawn);
      const value = pool[index] as number;
      pool[index] = pool[n - drawn - 1] as number;
      return value;
    });
  }
  const chosen = new Set<number>();
  while (chosen.size < k) chosen.add(randomBelow(random, n));
  return [...chosen];
}

/** Python's `_randbelow`: the top bits of whole words, rejected until below `limit`. */
function randomBelow(random: MersenneTwister, limit: number): number {
  const shift = 32 - bitLength(limit);
  for (;;) {
    const value = random.nextUint32() >>> shift;
    if (value < limit) return value;
  }
}

const bitLength = (value: number): number => 32 - Math.clz32(value);

function linearState(seed: number): Uint32Array {
  const state = new Uint32Array(STATE_WORDS);
  state[0] = seed;
  for (let i = 1; i < STATE_WORDS; i += 1) {
    const previous = state[i - 1] as number;
    state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
  }
  return state;
}

function checkSeed(seed: number): void {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new RangeError(`a seed is an integer from 0 to 2^32 - 1, got ${seed}`);
  }
}
