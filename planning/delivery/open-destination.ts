import type { Answer } from '../../dicom/delivery/answer.js';
import { reachByAssociation, reachOverWeb } from '../../dicom/delivery/reach.js';
import { storeByAssociation } from '../../dicom/delivery/store-by-association.js';
import { storeOverWeb } from '../../dicom/delivery/store-over-web.js';
import type { WrittenObject } from '../../dicom/objects/write-objects.js';
import type { Destination } from '../../pipeline/destination.js';
import { MammoflowError } from '../../pipeline/errors.js';

/** A destination that can be spoken to. */
export interface OpenDestination {
  /** @returns what it answered, as a sentence. @throws MammoflowError `service-unavailable` or `invalid-configuration`. */
  reach(signal?: AbortSignal): Promise<string>;
  /** @throws as `reach`. */
  store(object: WrittenObject, signal?: AbortSignal): Promise<Answer>;
}

/**
 * Opens a destination with the credentials that an environment has for it.
 * @throws MammoflowError `invalid-configuration` for a variable that is not set.
 */
export function openDestination(
  destination: Destination,
  environment: Readonly<Record<string, string | undefined>>,
): OpenDestination {
  if (destination.kind === 'association') {
    const { host, port, calledTitle, callingTitle } = destination;
    const node = { host, port, calledTitle, callingTitle };
    return {
      reach: (signal) => reachByAssociation(node, signal),
      store: (object, signal) => storeByAssociation(object, node, signal),
    };
  }
  const { url, authorization } = destination;
  const credentials = authorization === undefined ? undefined : environment[authorization]?.trim();
  if (authorization !== undefined && !credentials) {
    throw new MammoflowError(
      'invalid-configuration',
      `${authorization}, which holds the credentials for ${url}, is not set.`,
      'Set it where delivery workers run: to the whole value of the header Authorization.',
    );
  }
  const server = { url, ...(credentials && { headers: { Authorization: credentials } }) };
  return {
    reach: (signal) => reachOverWeb(server, signal),
    store: (object, signal) => storeOverWeb(object, server, signal),
  };
}
