import type { ViewCheck } from './check.js';

/** Area of the largest other thing in the picture over that of the breast. */
export const secondBreast: ViewCheck = {
  code: 'second-breast',
  measure: ({ breast }) => (breast === undefined ? undefined : breast.second / breast.area),
  fault: () => 'There is a second large thing beside the breast, as if two breasts were in one picture.',
  next: 'Give each view a picture of its own.',
};
