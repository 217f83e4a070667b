import type { ReactNode } from 'react';

/** A probability as a number with a bar: its length is the probability, from 0 to 1. */
export function Probability({ value, old = false }: { value: number | undefined; old?: boolean }): ReactNode {
  if (value === undefined) return <span className="probability none">–</span>;
  return (
    <span className={old ? 'probability old' : 'probability'}>
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect className="track" width="100" height="8" />
        <rect className="bar" width={Math.round(value * 1_000) / 10} height="8" />
      </svg>
      <span className="number">{value.toFixed(3)}</span>
    </span>
  );
}
