import { MammoflowError } from '../../pipeline/errors.js';

/** How often a change is applied again to a branch that somebody else moved meanwhile. */
export const MAX_ATTEMPTS = 50;

/** Losers of a race wait a random moment that grows, so that many writers do not meet again at once. */
export const pause = (attempt: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(1_000, 10 * 2 ** attempt)));

export const keptMoving = (branch: string): MammoflowError =>
  new MammoflowError(
    'branch-moved',
    `The branch ${branch} kept moving while this change was being committed.`,
    'Try again in a moment.',
  );
