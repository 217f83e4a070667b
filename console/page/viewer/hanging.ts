import type { View } from '../../../pipeline/views.js';
import type { Hung } from './geometry.js';

/**
 * How the four screening views hang: as if one stood before the patient, so the right breast is at the left, chest walls
 * together in the middle, CC above MLO.
 */
export const HANGING: readonly (readonly [View, View])[] = [
  ['R_CC', 'L_CC'],
  ['R_MLO', 'L_MLO'],
];

/** In the order in which they are read, and reached by Tab. */
export const READING_ORDER: readonly View[] = HANGING.flat();

const isLeft = (view: View): boolean => view.startsWith('L');

/** As it is written beside a view: `R CC`. */
export const viewLabel = (view: View): string => view.replace('_', ' ');

/** As a screen reader should say it. */
export const spokenView = (view: View): string =>
  `${isLeft(view) ? 'left' : 'right'} breast, ${view.endsWith('MLO') ? 'mediolateral oblique' : 'craniocaudal'} view`;

/** The other breast's view of the same kind. */
export const partnerOf = (view: View): View => `${isLeft(view) ? 'R' : 'L'}${view.slice(1)}` as View;

/** The left breast hangs at the right, with its wall at the left. `mirror` is what the exam says of the file. */
export const hungAs = (view: View, size: { rows: number; columns: number }, mirror: boolean): Hung => ({
  ...size,
  mirrored: mirror,
  wall: isLeft(view) ? 'left' : 'right',
});
