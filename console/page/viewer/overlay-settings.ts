import type { HeatmapClass } from '../../../pipeline/heatmaps.js';

/** How heatmaps are laid over pictures. */
export interface OverlaySettings {
  readonly on: boolean;
  readonly class: HeatmapClass;
  /** The colour's weight, 0 to 1. */
  readonly opacity: number;
  /** Probabilities (or sizes of differences) below it are not drawn. */
  readonly threshold: number;
}

export const FIRST_OVERLAY: OverlaySettings = { on: false, class: 'malignant', opacity: 0.5, threshold: 0.2 };

export const otherClass = (name: HeatmapClass): HeatmapClass => (name === 'malignant' ? 'benign' : 'malignant');
