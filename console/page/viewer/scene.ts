import type { ColourMap } from './colour-map.js';
import type { Camera, Size } from './geometry.js';
import type { ProbabilityPlane } from './plane.js';
import type { Pyramid } from './pyramid.js';
import type { Window } from './window-level.js';

/** All that one viewport shows, as data. Painters draw it, and draw the same. */
export interface Scene {
  /** Device pixels. */
  readonly size: Size;
  readonly picture: Pyramid;
  readonly mirrored: boolean;
  readonly camera: Camera;
  readonly window: Window;
  readonly inverted: boolean;
  readonly overlay?: Overlay | undefined;
  readonly loupe?: Loupe | undefined;
}

/** Values laid over a part of the picture: probabilities, or their differences. */
export interface Overlay {
  readonly plane: ProbabilityPlane;
  /** The part: its first row and column, and how many of level 0. */
  readonly top: number;
  readonly left: number;
  readonly rows: number;
  readonly columns: number;
  readonly map: ColourMap;
  /** The values of the map's first and last colour. */
  readonly low: number;
  readonly high: number;
  /** Values whose size is below it are not drawn. */
  readonly threshold: number;
  /** The colour's weight, 0 to 1; the picture has the rest. */
  readonly opacity: number;
}

/** A square of the viewport that shows something nearer. */
export interface Loupe {
  readonly x: number;
  readonly y: number;
  readonly size: Size;
  readonly camera: Camera;
}

/** What surrounds the picture: nearly black in both themes, since a bright surround hides what is dark. */
export const SURROUND = [10, 11, 13] as const;
/** The loupe's edge, one device pixel. */
export const LOUPE_EDGE = [150, 156, 166] as const;

/** By what scenes are drawn: the graphics processor, or whatever acts as one, or this processor. */
export const PATHS = ['webgl2', 'cpu'] as const;
export type PainterPath = (typeof PATHS)[number];

/** Draws scenes onto one canvas. */
export interface Painter {
  readonly path: PainterPath;
  /** @throws RangeError for a picture that this painter cannot draw at all. */
  draw(scene: Scene): void;
  /** Draws nothing but the surround. */
  clear(size: Size): void;
  dispose(): void;
}
