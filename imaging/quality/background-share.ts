import type { ViewCheck } from './check.js';

/** Share of the picture that is empty background; 0 for a constant picture. */
export const backgroundShare: ViewCheck = {
  code: 'background-share',
  measure: ({ background }) => background?.share ?? 0,
  fault: () => 'The picture has no empty background, so it is no mammogram as the models know them.',
  next: 'Check what the picture shows; export the whole view with a background of 0.',
};
