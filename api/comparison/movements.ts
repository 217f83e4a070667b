import { LABELS, type Label, type Predictions, VARIANTS, type Variant } from '../../pipeline/predictions.js';
import { type ChangeDistribution, describeDistribution } from './change-distribution.js';

/** How one probability of one exam moved. */
export interface Movement {
  readonly exam: string;
  readonly variant: Variant;
  readonly label: Label;
  readonly before: number;
  readonly after: number;
  readonly change: number;
  /** On one side of the threshold before and on the other after; with no threshold, false. A value at it is above. */
  readonly crosses: boolean;
}

/** The movements of one exam between two predictions, in the order of variants and labels. */
export function movementsOf(
  before: Predictions,
  after: Predictions,
  threshold?: number,
  variants: readonly Variant[] = VARIANTS,
): Movement[] {
  return variants.flatMap((variant) =>
    LABELS.map((label) => {
      const [a, b] = [before[variant][label], after[variant][label]];
      const crosses = threshold !== undefined && a >= threshold !== b >= threshold;
      return { exam: after.exam, variant, label, before: a, after: b, change: b - a, crosses };
    }),
  );
}

/** Greatest change first, whatever its sign; equal ones by exam, variant and label. */
export const byGreatest = (a: Movement, b: Movement): number =>
  Math.abs(b.change) - Math.abs(a.change) ||
  (a.exam === b.exam ? 0 : a.exam < b.exam ? -1 : 1) ||
  VARIANTS.indexOf(a.variant) - VARIANTS.indexOf(b.variant) ||
  LABELS.indexOf(a.label) - LABELS.indexOf(b.label);

export interface LabelDistribution extends ChangeDistribution {
  readonly variant: Variant;
  readonly label: Label;
  /** Exams that cross the threshold upwards and downwards. */
  readonly crossing: { readonly up: number; readonly down: number };
}

/** The distribution of the change for each variant and label that occurs. */
export function distributionsOf(movements: readonly Movement[]): LabelDistribution[] {
  return VARIANTS.flatMap((variant) =>
    LABELS.flatMap((label) => {
      const moved = movements.filter((movement) => movement.variant === variant && movement.label === label);
      if (moved.length === 0) return [];
      const crossing = moved.filter(({ crosses }) => crosses);
      const up = crossing.filter(({ change }) => change > 0).length;
      return [
        {
          variant,
          label,
          ...describeDistribution(moved.map(({ change }) => change)),
          crossing: { up, down: crossing.length - up },
        },
      ];
    }),
  );
}
