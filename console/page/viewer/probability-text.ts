import type { Overlay } from './scene.js';

/** What an overlay has at a pixel of the view; the mean of a block where it is here as means only. */
export function probabilityText(overlay: Overlay, name: string, row: number, column: number): string | undefined {
  const [r, c] = [row - overlay.top, column - overlay.left];
  if (r < 0 || c < 0 || r >= overlay.rows || c >= overlay.columns) return 'not in what was cut out';
  const { plane } = overlay;
  const block = 2 ** plane.level;
  const value = plane.values[Math.floor(r / block) * plane.columns + Math.floor(c / block)];
  if (value === undefined) return undefined;
  const sign = overlay.low < 0 && value > 0 ? '+' : '';
  return `${name} ${sign}${value.toFixed(3)}${block === 1 ? '' : ` (mean of ${block} × ${block})`}`;
}
