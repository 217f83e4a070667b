/**
 * Sines and cosines of angles in turns, from additions and multiplications alone. `Math.sin` may differ in its last
 * digit between engines and processors; these give the same double everywhere, and so do the pixels drawn with them.
 */
export function sineOfTurns(turns: number): number {
  // To -0.25 … 0.25 turns, where the series is best.
  let t = turns - Math.floor(turns);
  if (t >= 0.75) t -= 1;
  else if (t > 0.25) t = 0.5 - t;
  const x = t * TURN;
  const xx = x * x;
  let sum = 0;
  for (const coefficient of SINE_SERIES) sum = sum * xx + coefficient;
  return x * sum;
}

/** The cosine of an angle in turns. */
export const cosineOfTurns = (turns: number): number => sineOfTurns(turns + 0.25);

const TURN = 6.283185307179586;
/** Taylor's coefficients of sin(x)/x in x², the highest power first: exact to 7e-10 up to a quarter turn. */
const SINE_SERIES = [1 / 6_227_020_800, -1 / 39_916_800, 1 / 362_880, -1 / 5_040, 1 / 120, -1 / 6, 1];
