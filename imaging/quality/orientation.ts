import type { ViewCheck } from './check.js';

/** Length of the straighter upright end of the breast over that and its straighter level end: below ½ it lies on its side. */
export const orientation: ViewCheck = {
  code: 'orientation',
  measure({ breast, shape }) {
    if (breast === undefined || shape === undefined) return undefined;
    const { top, bottom, left, right } = shape.straightness;
    const upright = Math.max(left, right) * (breast.bottom - breast.top);
    const level = Math.max(top, bottom) * (breast.right - breast.left);
    return upright + level === 0 ? undefined : upright / (upright + level);
  },
  fault: () => 'The chest wall lies along the top or bottom: the picture is rotated by 90°.',
  next: 'Turn it so that the chest wall is upright.',
};
