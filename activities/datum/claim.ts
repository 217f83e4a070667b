import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { CLAIMED_ELSEWHERE, type Claim, type Claimant } from '../../pipeline/claim.js';
import { type ClaimedDatum, claimDatum, type HeldClaim } from '../../repos/claims.js';
import type { ObjectStore } from '../../repos/object-store.js';

/** A stage that takes milliseconds is waited for here; for a longer one the worker's place is given to other work. */
const WAIT_MS = 1_000;
const LOOK_MS = 200;
const AGAIN = '3 seconds';

/**
 * Claims a datum before it is computed, so that jobs that overlap compute it once.
 *
 * @param signal ends the waiting.
 * @returns the claim. Whoever held it before may have computed the datum: look for its record once more.
 * @throws ApplicationFailure `claimed-elsewhere`, to be tried again a little later, while another job computes it.
 */
export async function claimOrLeave(
  store: ObjectStore,
  datum: ClaimedDatum,
  claimant: Claimant,
  signal: AbortSignal,
): Promise<HeldClaim> {
  for (let waited = 0; ; waited += LOOK_MS) {
    const claim = await claimDatum(store, datum, claimant);
    if ('held' in claim) return claim.held;
    if (waited >= WAIT_MS) throw leftTo(claim.by, datum);
    await sleep(LOOK_MS, undefined, { signal });
  }
}

const leftTo = ({ job, worker, since }: Claim, { stage, exam }: ClaimedDatum): ApplicationFailure =>
  ApplicationFailure.create({
    message: `another job computes ${stage} of exam ${exam}: ${job}, on ${worker} since ${since}`,
    type: CLAIMED_ELSEWHERE,
    nonRetryable: false,
    nextRetryDelay: AGAIN,
    // Nothing is wrong, so nothing is to be logged.
    category: 'BENIGN',
  });
