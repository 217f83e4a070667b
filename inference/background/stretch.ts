/**
 * Neighbouring columns of a map that all hold the same values, `from` to before `to`. It has at least one column: any
 * column is like itself, so that a map without alike columns needs no case of its own.
 */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** What is known of a map of which nothing is known. */
export const SINGLE_COLUMN: Stretch = { from: 0, to: 1 };

export const lengthOf = ({ from, to }: Stretch): number => to - from;

/** How a convolution or a pooling moves over columns. */
export interface Sweep {
  /** Columns from the first to the last that one output column reads. */
  readonly reach: number;
  readonly stride: number;
  /** Columns of zeros that are put before and behind the map. */
  readonly before: number;
  readonly behind: number;
}

/** How many columns come out of a sweep over so many. */
export const sweptColumns = (columns: number, { reach, stride, before, behind }: Sweep): number =>
  Math.floor((columns + before + behind - reach) / stride) + 1;

/**
 * The alike columns of what a sweep makes: output column `j` reads the columns from `j * stride - before` on, and all that
 * read nothing but the stretch read the same values. Columns that read zeros beyond the map are not among them.
 */
export function sweptStretch({ from, to }: Stretch, { reach, stride, before }: Sweep): Stretch {
  const first = Math.ceil((from + before) / stride);
  const last = Math.floor((to + before - reach) / stride);
  return last < first ? SINGLE_COLUMN : { from: first, to: last + 1 };
}

/** The columns that are alike in two maps of the same size, and so in their sum. */
export function commonStretch(a: Stretch, b: Stretch): Stretch {
  const from = Math.max(a.from, b.from);
  const to = Math.min(a.to, b.to);
  return from < to ? { from, to } : SINGLE_COLUMN;
}
