import type { ViewCheck } from './check.js';

/** The widest border of one grey along an edge, as a share of the picture's side. */
export const frame: ViewCheck = {
  code: 'frame',
  measure: ({ rows, columns, frame: { top, bottom, left, right } }) =>
    Math.max(Math.max(top, bottom) / rows, Math.max(left, right) / columns),
  fault: ({ frame: edges }) => {
    const named = Object.entries(edges).filter(([, width]) => width > 0);
    return `The picture has a frame: ${named.map(([edge, width]) => `${width} pixels at the ${edge}`).join(', ')}.`;
  },
  next: 'Cut the frame off, or set it to 0.',
};
