import type { ReactNode } from 'react';

export interface Segment {
  readonly name: string;
  readonly value: number;
  /** How it looks: `good`, `known`, `bad`, or a number of the scale of parts, `part-1` to `part-4`. */
  readonly look: string;
}

/** A whole in its parts, as a bar. What it shows is said in words beside it, or by its label. */
export function Segments({
  parts,
  total,
  label,
}: {
  parts: readonly Segment[];
  /** What the bar's whole length stands for. */
  total: number;
  label: string;
}): ReactNode {
  const whole = Math.max(
    total,
    parts.reduce((sum, { value }) => sum + value, 0),
  );
  let from = 0;
  return (
    <svg className="segments" viewBox="0 0 1000 8" preserveAspectRatio="none" role="img" aria-label={label}>
      <rect className="track" width="1000" height="8" />
      {parts.map(({ name, value, look }) => {
        const width = whole === 0 ? 0 : (value / whole) * 1_000;
        const x = from;
        from += width;
        return <rect key={name} className={look} x={x} width={width} height="8" />;
      })}
    </svg>
  );
}
