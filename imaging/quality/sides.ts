import { isMirroredOnDisk } from '../../pipeline/exam.js';
import type { ViewSubject } from './check.js';

/** The side of the picture where the chest wall should lie, and the side that the breast should point to. */
export function expectedSides({ view, horizontalFlip }: ViewSubject): {
  readonly chestWall: 'left' | 'right';
  readonly pointing: 'left' | 'right';
} {
  return isMirroredOnDisk(view, horizontalFlip)
    ? { chestWall: 'right', pointing: 'left' }
    : { chestWall: 'left', pointing: 'right' };
}
