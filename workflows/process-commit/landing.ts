import { sleep } from '@temporalio/workflow';
import { control } from './control.js';
import { showDetails } from './details.js';
import type { JobState } from './state.js';

/** Results land this long after an exam finished, together with those that finished meanwhile. */
const LANDING_DELAY = '3 seconds';
/** At most this many exams a commit. */
const LANDING_EXAMS = 200;

/** Whether finished exams are to be committed now. */
export function mayLand(state: JobState): boolean {
  if (state.landing !== undefined || state.toLand.length === 0) return false;
  return state.landingDue || state.toLand.length >= LANDING_EXAMS || state.underWay.size === 0;
}

/** Commits finished exams if it is time. It goes on beside the window; the main loop looks at how it ended. */
export function landWhenDue(state: JobState): void {
  if (!mayLand(state)) return;
  state.landing = land(state).then(
    () => {
      state.landing = undefined;
    },
    (error) => {
      state.landing = undefined;
      state.landingFailure = { error };
    },
  );
}

/** Commits all that is finished, whether it is time or not. */
export async function landAll(state: JobState): Promise<void> {
  await state.landing;
  while (state.toLand.length > 0) await land(state);
}

/** From now on counts the time until the next commit. */
export function startLandingTimer(state: JobState): void {
  if (state.landingTimer) return;
  state.landingTimer = true;
  sleep(LANDING_DELAY).then(
    () => {
      state.landingTimer = false;
      state.landingDue = true;
    },
    () => undefined,
  );
}

async function land(state: JobState): Promise<void> {
  const exams = state.toLand.slice(0, LANDING_EXAMS);
  state.landingDue = false;
  const landing = await control.landResults(state.id, state.settings.branch, exams);
  state.toLand = state.toLand.slice(exams.length);
  state.tally.dropped += landing.dropped.length;
  if (landing.commit !== undefined) state.tally.commit = landing.commit;
  if (state.toLand.length > 0) startLandingTimer(state);
  showDetails(state);
}
