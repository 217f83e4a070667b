/** Rounds to the nearest integer and halves to the even one, as NumPy and IEEE 754 do; `Math.round` rounds halves up. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const fraction = value - floor;
  if (fraction !== 0.5) return fraction < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
