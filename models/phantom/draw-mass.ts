import type { FloatPlane } from '../../imaging/planes.js';
import type { Random } from './random.js';
import { smoothStep } from './smooth.js';
import { cosineOfTurns, sineOfTurns } from './turns.js';

/** A circle in a plane, in the plane's own pixels. */
export interface Circle {
  readonly row: number;
  readonly column: number;
  readonly radius: number;
}

/**
 * Adds a benign mass: round or oval, of low and even density with a sharp edge and a thin dark rim of compressed fat
 * around it (BI-RADS: oval or round, circumscribed).
 *
 * @param contrast its brightness above its surroundings.
 * @param rotation turns the whole shape, in turns.
 */
export function addBenignMass(
  plane: FloatPlane,
  circle: Circle,
  contrast: number,
  rotation: number,
  random: Random,
): void {
  const flatness = random.between(0.7, 1);
  const lobe = random.between(0, 0.05);
  const [cosine, sine] = [cosineOfTurns(rotation), sineOfTurns(rotation)];
  const edge = 2.5 / circle.radius;
  forEachAround(plane, circle, 1.25, (index, y, x) => {
    const along = x * cosine + y * sine;
    const across = (y * cosine - x * sine) / flatness;
    const squared = along * along + across * across;
    const out = Math.sqrt(squared);
    // The triple-angle cosine of the direction: three shallow lobes.
    const turn = out < 0.05 ? 0 : along / out;
    const rim = 1 - lobe + lobe * (4 * turn * turn * turn - 3 * turn);
    const relative = out / rim;
    const body =
      smoothStep(1 + edge, 1 - edge, relative) * (0.62 + 0.38 * Math.sqrt(Math.max(0, 1 - relative * relative)));
    const halo = smoothStep(1.2, 1.06, relative) * smoothStep(1 - edge, 1 + edge, relative);
    plane.pixels[index]! += contrast * (body - 0.14 * halo);
  });
}

/**
 * Adds a malignant mass: a dense, irregular body with an indistinct edge, from which spicules radiate (BI-RADS:
 * irregular, spiculated, of high density). The body lies within the circle, the spicules reach up to twice as far.
 */
export function addMalignantMass(
  plane: FloatPlane,
  circle: Circle,
  contrast: number,
  rotation: number,
  random: Random,
): void {
  const waves = [2, 3, 4, 5, 6].map((frequency) => ({
    phase: random.unit() + frequency * rotation,
    amplitude: random.between(0.25, 0.6) / (frequency + 1),
  }));
  const waveSum = waves.reduce((sum, wave) => sum + wave.amplitude, 0);
  const parts = waves.map(({ phase, amplitude }) => ({
    cosine: (amplitude * cosineOfTurns(phase)) / (1 + waveSum),
    sine: (amplitude * sineOfTurns(phase)) / (1 + waveSum),
  }));
  const spicules = drawSpicules(circle, rotation, random);
  forEachAround(plane, circle, SPICULE_REACH, (index, y, x, local) => {
    const out = Math.sqrt(y * y + x * x);
    let rim = 1 / (1 + waveSum) + 0.22;
    if (out > 0.02) {
      // cos(n·angle) and sin(n·angle) from the direction, by adding one angle after the other.
      const [c, s] = [x / out, y / out];
      let [cn, sn] = [c, s];
      for (const { cosine, sine } of parts) {
        [cn, sn] = [cn * c - sn * s, sn * c + cn * s];
        rim += cosine * cn - sine * sn;
      }
    }
    const relative = out / Math.min(1, Math.max(0.35, rim));
    const body = smoothStep(1.18, 0.72, relative) * (1 - 0.35 * Math.min(1, relative * relative));
    const spicule = (spicules[local] as number) * (1 - body);
    plane.pixels[index]! += contrast * (body + spicule);
  });
}

/** How far spicules may reach, in radii. */
const SPICULE_REACH = 2.1;

/** Spicules about a circle, on a square of its own: thin, bent a little, fading and tapering outwards; at most 0.7. */
function drawSpicules(circle: Circle, rotation: number, random: Random): Float32Array {
  const { top, left, side } = squareAround(circle, SPICULE_REACH);
  const pixels = new Float32Array(side * side);
  const count = random.integer(20, 36);
  for (let spicule = 0; spicule < count; spicule += 1) {
    const angle = rotation + (spicule + random.between(-0.4, 0.4)) / count;
    const bend = random.between(-0.09, 0.09);
    const reach = circle.radius * random.between(1.25, SPICULE_REACH - 0.1);
    const strength = random.between(0.25, 0.7);
    const thick = Math.max(1.4, circle.radius * random.between(0.025, 0.055));
    const from = circle.radius * 0.35;
    for (let out = from; out < reach; out += 0.7) {
      const share = (out - from) / (reach - from);
      const turn = angle + bend * share;
      const row = circle.row + out * sineOfTurns(turn) - top;
      const column = circle.column + out * cosineOfTurns(turn) - left;
      const half = thick * (1 - 0.6 * share);
      const value = strength * (1 - share * share);
      for (let y = Math.ceil(row - half); y <= row + half; y += 1) {
        for (let x = Math.ceil(column - half); x <= column + half; x += 1) {
          if (y < 0 || x < 0 || y >= side || x >= side) continue;
          const far = ((y - row) * (y - row) + (x - column) * (x - column)) / (half * half);
          if (far >= 1) continue;
          const index = y * side + x;
          pixels[index] = Math.max(pixels[index] as number, value * (1 - far));
        }
      }
    }
  }
  return pixels;
}

function squareAround({ row, column, radius }: Circle, reach: number): { top: number; left: number; side: number } {
  const half = Math.ceil(radius * reach);
  return { top: Math.floor(row) - half, left: Math.floor(column) - half, side: 2 * half + 1 };
}

/**
 * Calls back for every pixel of the square that reaches `reach` radii from the circle's middle, as far as it lies in the
 * plane: the pixel's index in the plane, its place relative to the middle in radii, and its index in the square.
 */
function forEachAround(
  plane: FloatPlane,
  circle: Circle,
  reach: number,
  visit: (index: number, y: number, x: number, local: number) => void,
): void {
  const { top, left, side } = squareAround(circle, reach);
  for (let row = Math.max(0, top); row < Math.min(plane.rows, top + side); row += 1) {
    for (let column = Math.max(0, left); column < Math.min(plane.columns, left + side); column += 1) {
      const y = (row - circle.row) / circle.radius;
      const x = (column - circle.column) / circle.radius;
      visit(row * plane.columns + column, y, x, (row - top) * side + column - left);
    }
  }
}
