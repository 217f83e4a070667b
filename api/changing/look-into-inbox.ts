import { DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { hintInbox } from '../../triggers/hint.js';
import type { Session } from '../session.js';

/**
 * Has the inbox looked into now, instead of when an event or the clock says so.
 *
 * @throws MammoflowError `service-unavailable` without Temporal.
 * @example
 * await mammoflow.lookIntoInbox();
 */
export async function lookIntoInbox(
  session: Session,
  { branch = DEFAULT_BRANCH }: { branch?: string } = {},
): Promise<{ branch: string; asked: true }> {
  await hintInbox(await session.client(), { branch });
  return { branch, asked: true };
}
