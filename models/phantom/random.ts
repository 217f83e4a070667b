/**
 * A fast stream of random 32-bit words: sfc32 (Chris Doty-Humphrey, "Small Fast Counting", PractRand 2010). A pixel takes
 * one word, so speed matters; integers only, so every platform draws the same.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter: number;

  /**
   * @param key what the stream is for, e.g. the seed, the exam's number and the view's: integers, of which the lowest 32
   *   bits count. Streams of different keys have nothing to do with each other.
   */
  constructor(...key: readonly number[]) {
    let [h1, h2, h3] = [0x9e3779b9, 0x243f6a88, 0xb7e15162];
    for (const part of key) {
      h1 = mix(h1 ^ part);
      h2 = mix(h2 + h1);
      h3 = mix(h3 ^ h2);
    }
    this.a = h1;
    this.b = h2;
    this.c = h3;
    this.counter = 1;
    // As its author advises, so that keys that differ in a bit give streams that differ in half of them.
    for (let round = 0; round < 15; round += 1) this.word();
  }

  /** The next word, as a signed 32-bit integer. */
  word(): number {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum;
  }

  /** From 0 (included) to 1 (excluded), with 32 random bits. */
  unit(): number {
    return (this.word() >>> 0) / 0x100000000;
  }

  /** From `low` (included) to `high` (excluded). */
  between(low: number, high: number): number {
    return low + (high - low) * this.unit();
  }

  /** An integer from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  /** True in that share of the draws. */
  chance(share: number): boolean {
    return this.unit() < share;
  }

  /** About normal with mean 0 and standard deviation 1, within ±3.5: the sum of a word's four bytes. */
  normal(): number {
    const word = this.word();
    const sum = (word & 255) + ((word >>> 8) & 255) + ((word >>> 16) & 255) + (word >>> 24);
    return (sum - 510) * NORMAL_SCALE;
  }
}

/** One over the standard deviation of the sum of four bytes: 4 · (256² − 1) / 12 = 21,845. */
const NORMAL_SCALE = 1 / Math.sqrt(21_845);

/** The finaliser of MurmurHash3 (Austin Appleby): every bit of the input moves about half of the output's. */
function mix(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
