import { DEFAULT_BRANCH } from '../../pipeline/commit.js';
import type { Destination } from '../../pipeline/destination.js';
import { destinationsOf, requireDestination } from '../../planning/delivery/destinations.js';
import { openDestination } from '../../planning/delivery/open-destination.js';
import { requireHead, type Session } from '../session.js';

export type DestinationRow = Destination & { readonly destination: string };

/**
 * Where results go, by name. Credentials are not in it, only the names of variables that hold them.
 *
 * @throws MammoflowError `unknown-reference` for a branch that is not there.
 * @example
 * for (const { destination, kind, automatic } of await mammoflow.destinations()) console.log(destination, kind, automatic);
 */
export async function destinations(
  { repository }: Session,
  { branch = DEFAULT_BRANCH }: { readonly branch?: string } = {},
): Promise<DestinationRow[]> {
  const found = await destinationsOf(repository, await requireHead(repository, branch));
  return Object.keys(found)
    .sort()
    .map((destination) => ({ destination, ...(found[destination] as Destination) }));
}

/**
 * Asks a destination whether it answers, from here and with this session's credentials: by C-ECHO, or by QIDO-RS. Nothing is
 * sent to it.
 *
 * @returns what it answered, as a sentence.
 * @throws MammoflowError `not-found` for one that is not set, `service-unavailable` where it does not answer,
 *   `invalid-configuration` where it does not know an AE title, or wants other credentials.
 * @example
 * console.log((await mammoflow.checkDestination({ destination: 'pacs' })).answer);
 */
export async function checkDestination(
  { repository, credentials = {} }: Session,
  { destination, branch = DEFAULT_BRANCH, signal }: { destination: string; branch?: string; signal?: AbortSignal },
): Promise<{ readonly destination: string; readonly answer: string }> {
  const settings = await requireDestination(repository, await requireHead(repository, branch), destination);
  return { destination, answer: await openDestination(settings, credentials).reach(signal) };
}
