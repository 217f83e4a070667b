import type { FloatPlane } from '../../../imaging/planes.js';

/**
 * The exponent e of a power-law spectrum 1/f^e, fitted to a square of 2^n pixels a side as mammograms are measured:
 * mean taken off, tapered by a Hann window, power of the discrete Fourier transform averaged over rings of equal
 * frequency, straight line through log power over log frequency.
 *
 * @param band lowest and highest frequency of the fit, in cycles per pixel.
 */
export function spectrumExponent({ rows: side, pixels }: FloatPlane, band: readonly [number, number]): number {
  const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
  const taper = Float64Array.from({ length: side }, (_, index) => Math.sin((Math.PI * (index + 0.5)) / side) ** 2);
  const real = Float64Array.from(
    pixels,
    (value, index) => (value - mean) * taper[Math.floor(index / side)]! * taper[index % side]!,
  );
  const imaginary = new Float64Array(real.length);
  for (let row = 0; row < side; row += 1) transform(real, imaginary, row * side, 1, side);
  for (let column = 0; column < side; column += 1) transform(real, imaginary, column, side, side);

  const power = new Float64Array(side);
  const members = new Float64Array(side);
  for (let row = 0; row < side; row += 1) {
    for (let column = 0; column < side; column += 1) {
      const ring = Math.round(Math.hypot(Math.min(row, side - row), Math.min(column, side - column)));
      power[ring]! += real[row * side + column]! ** 2 + imaginary[row * side + column]! ** 2;
      members[ring]! += 1;
    }
  }
  const points = [];
  for (let ring = Math.ceil(band[0] * side); ring <= band[1] * side; ring += 1) {
    points.push({ x: Math.log(ring / side), y: Math.log(power[ring]! / members[ring]!) });
  }
  const [x, y] = [meanOf(points.map((point) => point.x)), meanOf(points.map((point) => point.y))];
  const slope =
    meanOf(points.map((point) => (point.x - x) * (point.y - y))) / meanOf(points.map((point) => (point.x - x) ** 2));
  return -slope;
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The radix-2 fast Fourier transform (Cooley and Tukey 1965) of `length` values that lie `stride` apart, in place. */
function transform(real: Float64Array, imaginary: Float64Array, start: number, stride: number, length: number): void {
  const at = (index: number): number => start + index * stride;
  const swap = (values: Float64Array, a: number, b: number): void => {
    [values[a], values[b]] = [values[b]!, values[a]!];
  };
  for (let index = 1, reversed = 0; index < length; index += 1) {
    let bit = length >> 1;
    for (; reversed & bit; bit >>= 1) reversed ^= bit;
    reversed ^= bit;
    if (index < reversed) {
      swap(real, at(index), at(reversed));
      swap(imaginary, at(index), at(reversed));
    }
  }
  for (let size = 2; size <= length; size *= 2) {
    for (let block = 0; block < length; block += size) {
      for (let k = 0; k < size / 2; k += 1) {
        const [cosine, sine] = [Math.cos((-2 * Math.PI * k) / size), Math.sin((-2 * Math.PI * k) / size)];
        const [a, b] = [at(block + k), at(block + k + size / 2)];
        const re = real[b]! * cosine - imaginary[b]! * sine;
        const im = real[b]! * sine + imaginary[b]! * cosine;
        real[b] = real[a]! - re;
        imaginary[b] = imaginary[a]! - im;
        real[a]! += re;
        imaginary[a]! += im;
      }
    }
  }
}
