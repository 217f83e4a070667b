import type { Mask } from '../planes.js';
import type { BreastRegion } from './find-breast.js';

/** The outline of a breast, wherever it lies in its picture. */
export interface BreastShape {
  /**
   * How straight the breast ends on each side of the rectangle about it: the extent of the breast just inside that side
   * over the length of the side. Near 1 at the chest wall, where the picture cuts the breast; small where skin rounds it off.
   */
  readonly straightness: Readonly<Record<'top' | 'bottom' | 'left' | 'right', number>>;
  /** The breast's area over that of its convex hull. */
  readonly solidity: number;
}

/** Just inside a side: this share of the rectangle. */
const INSIDE = 0.025;

export function breastShape(breast: BreastRegion): BreastShape {
  const { mask, top, bottom, left, right, area } = breast;
  const height = bottom - top;
  const width = right - left;
  const dy = Math.max(1, Math.round(height * INSIDE));
  const dx = Math.max(1, Math.round(width * INSIDE));
  const inRow = (y: number): number => {
    let count = 0;
    for (let x = left; x < right; x += 1) count += mask.pixels[y * mask.columns + x] as number;
    return count / width;
  };
  const inColumn = (x: number): number => {
    let count = 0;
    for (let y = top; y < bottom; y += 1) count += mask.pixels[y * mask.columns + x] as number;
    return count / height;
  };
  return {
    straightness: {
      top: inRow(Math.min(bottom - 1, top + dy)),
      bottom: inRow(Math.max(top, bottom - 1 - dy)),
      left: inColumn(Math.min(right - 1, left + dx)),
      right: inColumn(Math.max(left, right - 1 - dx)),
    },
    solidity: area / hullArea(mask, breast),
  };
}

/** The area of the convex hull of a mask, by Andrew's monotone chain over the corners of each row's extent. */
function hullArea(mask: Mask, { top, bottom, left, right }: BreastRegion): number {
  const points: [x: number, y: number][] = [];
  for (let y = top; y < bottom; y += 1) {
    const cells = mask.pixels.subarray(y * mask.columns + left, y * mask.columns + right);
    const first = cells.indexOf(1);
    if (first === -1) continue;
    const last = cells.lastIndexOf(1) + 1;
    for (const corner of [y, y + 1]) points.push([first, corner], [last, corner]);
  }
  points.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const half = (ordered: readonly [number, number][]): [number, number][] => {
    const chain: [number, number][] = [];
    for (const point of ordered) {
      while (chain.length >= 2) {
        const [ax, ay] = chain[chain.length - 2] as [number, number];
        const [bx, by] = chain[chain.length - 1] as [number, number];
        if ((bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax) > 0) break;
        chain.pop();
      }
      chain.push(point);
    }
    return chain.slice(0, -1);
  };
  const hull = [...half(points), ...half(points.reverse())];
  let doubled = 0;
  for (const [index, [x, y]] of hull.entries()) {
    const [nextX, nextY] = hull[(index + 1) % hull.length] as [number, number];
    doubled += x * nextY - nextX * y;
  }
  return Math.abs(doubled) / 2;
}
