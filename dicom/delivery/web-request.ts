import { MammoflowError } from '../../pipeline/errors.js';

/** A DICOMweb server. */
export interface WebDestination {
  /** The base of its services, e.g. `https://archive.example.org/dicom-web`. */
  readonly url: string;
  /** Sent with every request, e.g. `Authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Asks a DICOMweb server.
 * @param path after the base of its services
 * @throws MammoflowError `service-unavailable` where trying again may help, `invalid-configuration` where it wants other
 *   credentials; what a caller who gave it up throws
 */
export async function request({ url, headers }: WebDestination, path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`${url.replace(/\/+$/, '')}${path}`, {
      ...init,
      headers: { ...headers, ...(init.headers as Record<string, string>) },
    });
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    const reason = ((cause as Error).cause as Error | undefined)?.message ?? (cause as Error).message;
    throw new MammoflowError('service-unavailable', `${url} does not answer (${reason}).`, 'Look whether it is up.', {
      cause,
    });
  }
  const { status } = response;
  if (status === 401 || status === 403) {
    throw new MammoflowError(
      'invalid-configuration',
      `${url} does not let mammoflow in (HTTP ${status}).`,
      'Look at the credentials of this destination.',
    );
  }
  if (status === 408 || status === 429 || status >= 500) {
    throw new MammoflowError(
      'service-unavailable',
      `${url} cannot take objects now (HTTP ${status}).`,
      'Try again later.',
    );
  }
  return response;
}
