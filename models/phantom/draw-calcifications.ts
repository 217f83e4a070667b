import type { Circle } from './draw-mass.js';
import type { Random } from './random.js';
import { smoothStep } from './smooth.js';
import { cosineOfTurns, sineOfTurns } from './turns.js';

/** One calcification: an ellipse of even brightness with a soft edge, in pixels. */
export interface Speck {
  readonly row: number;
  readonly column: number;
  readonly halfLength: number;
  readonly halfWidth: number;
  /** In turns. */
  readonly angle: number;
  readonly brightness: number;
}

/**
 * A group of benign calcifications: few, coarse (1 to 3.5 mm), round and bright (BI-RADS: coarse or "popcorn-like",
 * round). Every one lies within the circle.
 */
export function coarseCalcifications(circle: Circle, pixelSpacing: number, rotation: number, random: Random): Speck[] {
  const specks: Speck[] = [];
  const count = random.integer(2, 4);
  for (let speck = 0; speck < count; speck += 1) {
    const halfLength = random.between(0.5, 1.7) / pixelSpacing;
    const turn = rotation + (speck + random.between(-0.25, 0.25)) / count;
    const out = Math.max(0, circle.radius - halfLength) * random.between(0.35, 0.95);
    specks.push({
      row: circle.row + out * sineOfTurns(turn),
      column: circle.column + out * cosineOfTurns(turn),
      halfLength,
      halfWidth: halfLength * random.between(0.8, 1),
      angle: random.unit(),
      brightness: random.between(900, 1_500),
    });
  }
  return specks;
}

/**
 * A cluster of malignant microcalcifications: many specks of 0.2 to 0.6 mm, of all shapes and brightnesses, closer
 * together towards the middle (BI-RADS: fine pleomorphic, grouped). Every one lies within the circle.
 */
export function clusteredMicrocalcifications(
  circle: Circle,
  pixelSpacing: number,
  rotation: number,
  random: Random,
): Speck[] {
  const specks: Speck[] = [];
  const flatness = random.between(0.55, 1);
  const count = random.integer(16, 40);
  const [cosine, sine] = [cosineOfTurns(rotation), sineOfTurns(rotation)];
  for (let speck = 0; speck < count; speck += 1) {
    const turn = random.unit();
    const out = 0.93 * circle.radius * Math.sqrt(random.unit()) * random.between(0.6, 1);
    const along = out * cosineOfTurns(turn);
    const across = out * flatness * sineOfTurns(turn);
    const halfLength = random.between(0.1, 0.3) / pixelSpacing;
    const part: Speck = {
      row: circle.row + across * cosine + along * sine,
      column: circle.column + along * cosine - across * sine,
      halfLength,
      halfWidth: Math.max(1, halfLength * random.between(0.4, 1)),
      angle: random.unit(),
      brightness: random.between(500, 1_500),
    };
    specks.push(part);
    // A second part that touches the first makes it angular.
    if (random.chance(0.5)) {
      const side = random.unit();
      specks.push({
        ...part,
        row: part.row + part.halfLength * sineOfTurns(side),
        column: part.column + part.halfLength * cosineOfTurns(side),
        halfLength: part.halfLength * 0.7,
        angle: side,
      });
    }
  }
  return specks;
}

/** Makes the pixels under a speck brighter, up to `brightest`; pixels of 0 are background and stay so. */
export function addSpeck(
  image: { readonly rows: number; readonly columns: number; readonly pixels: Uint16Array },
  speck: Speck,
  brightest: number,
): void {
  const reach = speck.halfLength + 2;
  const [cosine, sine] = [cosineOfTurns(speck.angle), sineOfTurns(speck.angle)];
  for (
    let row = Math.max(0, Math.ceil(speck.row - reach));
    row <= Math.min(image.rows - 1, speck.row + reach);
    row += 1
  ) {
    const last = Math.min(image.columns - 1, speck.column + reach);
    for (let column = Math.max(0, Math.ceil(speck.column - reach)); column <= last; column += 1) {
      const [y, x] = [row - speck.row, column - speck.column];
      const along = (x * cosine + y * sine) / speck.halfLength;
      const across = (y * cosine - x * sine) / speck.halfWidth;
      const out = Math.sqrt(along * along + across * across);
      const edge = 1 / speck.halfWidth;
      const index = row * image.columns + column;
      const before = image.pixels[index] as number;
      if (before === 0) continue;
      const added = speck.brightness * smoothStep(1 + edge, 1 - edge, out);
      image.pixels[index] = Math.min(brightest, Math.round(before + added));
    }
  }
}
