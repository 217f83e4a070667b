/** `value` held between `low` and `high`. */
export const clamp = (value: number, low: number, high: number): number =>
  value < low ? low : value > high ? high : value;

/** 0 up to `from`, 1 from `to` on, and the cubic with level ends between (`from` may be the larger). */
export function smoothStep(from: number, to: number, value: number): number {
  const t = clamp((value - from) / (to - from), 0, 1);
  return t * t * (3 - 2 * t);
}

/** The larger of two values, with the crease between them rounded over a distance of `width`. */
export function smoothMax(a: number, b: number, width: number): number {
  const h = clamp(0.5 + (0.5 * (a - b)) / width, 0, 1);
  return b + (a - b) * h + width * h * (1 - h);
}
