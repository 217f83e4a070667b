import { DEFAULT_BRANCH } from '../../pipeline/commit.js';
import type { InboxReport } from '../../pipeline/take-in.js';
import { lookIntoInbox } from '../../planning/look-into-inbox.js';
import type { Session } from '../session.js';

export type { InboxReport } from '../../pipeline/take-in.js';

/** More than any inbox holds: people want to see all of it. */
const EVERYTHING = 1_000_000;

/**
 * What lies in the inbox now, for what it waits and since when. Asks no worker.
 *
 * @param options.branch the branch that it is taken into; `main` unless said.
 * @param options.limit how many items are named; all unless said. The oldest come first.
 * @example
 * const { items, overdue } = await mammoflow.inbox();
 */
export async function inbox(
  { repository, inbox: settings }: Session,
  { branch = DEFAULT_BRANCH, limit = EVERYTHING }: { branch?: string; limit?: number } = {},
): Promise<InboxReport> {
  return (await lookIntoInbox(repository, { branch, settings, shown: limit, batch: 0, keys: true })).report;
}
