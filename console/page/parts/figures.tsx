import type { ReactNode } from 'react';

const GROUPED = new Intl.NumberFormat('en');

/** A whole number, with its thousands apart. */
export const count = (value: number): string => GROUPED.format(value);

/** Bytes in the largest unit that leaves a number before the point. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [rest, unit] = [value, 0];
  while (rest >= 1_000 && unit < units.length - 1) {
    rest /= 1_000;
    unit += 1;
  }
  return `${unit === 0 || rest >= 100 ? Math.round(rest) : rest.toFixed(1)} ${units[unit]}`;
}

/** A stretch of time, in the two largest units that matter. */
export function duration(seconds: number): string {
  if (seconds > 0 && seconds < 1) return `${Math.max(1, Math.round(seconds * 1_000))} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.round(hours / 24)} days`;
}

/** The first characters of a commit or a hash, all of it for whoever points at it. */
export const Short = ({ id }: { id: string }): ReactNode => (
  <code className="short" title={id}>
    {id.slice(0, 8)}
  </code>
);

/** A moment: how long ago, and exactly when for whoever points at it. */
export function When({ time }: { time: string | null | undefined }): ReactNode {
  if (time == null) return <span className="faint">–</span>;
  const at = new Date(time);
  return (
    <time dateTime={time} title={at.toLocaleString()}>
      {agoOf(at)}
    </time>
  );
}

function agoOf(at: Date): string {
  const seconds = (Date.now() - at.getTime()) / 1_000;
  if (seconds < 45) return 'just now';
  if (seconds < 3_600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3_600)} h ago`;
  if (seconds < 7 * 86_400) return `${Math.round(seconds / 86_400)} d ago`;
  return at.toISOString().slice(0, 10);
}
