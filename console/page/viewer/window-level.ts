import type { Histogram } from './histogram.js';
import { percentile } from './histogram.js';

/** Which values are shown from black to white: linear, DICOM's LINEAR_EXACT (PS3.3 C.11.2.1.3.2). */
export interface Window {
  readonly centre: number;
  /** More than 0. */
  readonly width: number;
}

export const WHITEST = 65_535;

/** Grey, 0 to 255 and not rounded, of a value. */
export function greyOf(value: number, { centre, width }: Window, inverted = false): number {
  const share = Math.min(1, Math.max(0, (value - (centre - width / 2)) / width));
  return 255 * (inverted ? 1 - share : share);
}

/** The window from one value, black, to another, white. */
export const windowBetween = (black: number, white: number): Window => {
  const width = Math.max(1, white - black);
  return { centre: black + width / 2, width };
};

/** The edges again: `[black, white]`. */
export const edgesOf = ({ centre, width }: Window): readonly [number, number] => [
  centre - width / 2,
  centre + width / 2,
];

export const PRESETS = ['tissue', 'dense', 'file', 'full'] as const;
export type Preset = (typeof PRESETS)[number];

export const PRESET_LABELS: Readonly<Record<Preset, string>> = {
  tissue: 'Breast tissue',
  dense: 'Dense tissue',
  file: "File's range",
  full: 'Full range',
};

/**
 * Percentiles between which a preset opens, of the pixels that are not 0: background is 0 and would be most of them. From
 * the skin's darkest hundredth up; for dense tissue from the median, which lies in fat in most breasts. The brightest
 * thousandth (clips, markers, calcifications) may be white.
 */
const BETWEEN: Readonly<Record<'tissue' | 'dense', readonly [number, number]>> = {
  tissue: [0.01, 0.999],
  dense: [0.5, 0.999],
};

/** The window of a preset for a picture. */
export function presetWindow(preset: Preset, histogram: Histogram): Window {
  if (preset === 'full') return windowBetween(0, WHITEST);
  if (preset === 'file') return windowBetween(histogram.least, histogram.most);
  const [from, to] = BETWEEN[preset];
  return windowBetween(percentile(histogram, from), percentile(histogram, to));
}

/** Dragging this many CSS pixels doubles a window's width, or moves its centre by the width it had. */
export const DRAG_EXTENT = 256;

/** A drag since `start`, by CSS pixels: to the right wider (softer), down to a higher centre (darker). */
export function draggedWindow(start: Window, dx: number, dy: number): Window {
  const step = start.width / DRAG_EXTENT;
  return {
    width: Math.min(WHITEST + 1, Math.max(1, start.width + dx * step)),
    centre: Math.min(WHITEST, Math.max(0, start.centre + dy * step)),
  };
}
