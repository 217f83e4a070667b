import { type AssociationDestination, associationError, nodeName, runDcmtk } from './run-dcmtk.js';
import { request, type WebDestination } from './web-request.js';

/**
 * Asks a node whether it answers, by C-ECHO (PS3.4 annex A).
 * @returns what it answered, as a sentence
 * @throws MammoflowError as `storeByAssociation`
 */
export async function reachByAssociation(destination: AssociationDestination, signal?: AbortSignal): Promise<string> {
  const { failed, output } = await runDcmtk('echoscu', [], destination, [], signal);
  if (failed) throw associationError(output, destination, 'does not answer C-ECHO');
  return `${nodeName(destination)} answers C-ECHO.`;
}

/**
 * Asks a DICOMweb server for a study, which needs the same address and credentials as storing does. That it answers does not
 * say that it takes objects: only storing one does.
 *
 * @returns what it answered, as a sentence
 * @throws MammoflowError as `storeOverWeb`
 */
export async function reachOverWeb(destination: WebDestination, signal?: AbortSignal): Promise<string> {
  const response = await request(destination, '/studies?limit=1', {
    headers: { Accept: 'application/dicom+json' },
    ...(signal && { signal }),
  });
  await response.body?.cancel();
  const { ok, status } = response;
  if (ok) return `${destination.url} answers QIDO-RS.`;
  return `${destination.url} answers, but not QIDO-RS (HTTP ${status}): whether it takes objects shows when one is sent.`;
}
