import { MammoflowError } from '../../pipeline/errors.js';
import type { WrittenObject } from '../objects/write-objects.js';
import { type Answer, reasonInWords } from './answer.js';
import { request, type WebDestination } from './web-request.js';

/** Attributes of the answer (PS3.18 I.2.2), as their tags. */
const REFERENCED = '00081199';
const FAILED = '00081198';
const INSTANCE = '00081155';
const FAILURE_REASON = '00081197';
const WARNING_REASON = '00081196';

/**
 * Stores one object by STOW-RS (PS3.18 10.5) and reads the answer of it. One object a request: a server answers 400 or 409 for a
 * whole request of which it has stored a part (Orthanc does), and says in its body what became of which, if it sends one. Where
 * the body does not name the object, the server is asked for it (QIDO-RS).
 *
 * No text of the answer is passed on: a server may name the patient in it, and a reason goes to places where nobody may.
 *
 * An object that is there already is stored again without harm: it has the same bytes under the same UID.
 *
 * @throws MammoflowError `service-unavailable` where trying again may help (no connection, 408, 429, 5xx, an answer that says
 *   nothing), `invalid-configuration` where the server wants other credentials, or has no such service
 */
export async function storeOverWeb(
  { bytes, ...object }: WrittenObject,
  destination: WebDestination,
  signal?: AbortSignal,
): Promise<Answer> {
  const { sopInstanceUid } = object;
  const boundary = `mammoflow-${sopInstanceUid}`;
  const body = Buffer.concat([
    Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`),
    bytes,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  const response = await request(destination, `/studies/${object.studyInstanceUid}`, {
    method: 'POST',
    headers: {
      Accept: 'application/dicom+json',
      'Content-Type': `multipart/related; type="application/dicom"; boundary=${boundary}`,
    },
    body,
    ...(signal && { signal }),
  });
  const text = await response.text();
  const said = parseAnswer(text, sopInstanceUid);
  if (said !== undefined) return said;
  if (response.status === 415 || response.status === 404 || response.status === 405) {
    throw new MammoflowError(
      'invalid-configuration',
      `${destination.url} does not take objects by STOW-RS (HTTP ${response.status}).`,
      'Name the base of its DICOMweb services, such as https://host/dicom-web.',
    );
  }
  if (await isThere(object, destination, signal)) return { sopInstanceUid, outcome: 'stored' };
  if (response.ok) {
    throw new MammoflowError(
      'service-unavailable',
      `${destination.url} answered HTTP ${response.status}, and does not have the object.`,
      'Look into its log.',
    );
  }
  return { sopInstanceUid, outcome: 'refused', reason: `HTTP ${response.status}` };
}

type Json = Readonly<Record<string, { readonly Value?: readonly unknown[] } | undefined>>;

/** What the body says of the object; undefined where it says nothing. */
function parseAnswer(text: string, sopInstanceUid: string): Answer | undefined {
  let answer: Json;
  try {
    const parsed: unknown = JSON.parse(text);
    answer = (Array.isArray(parsed) ? parsed[0] : parsed) as Json;
  } catch {
    return undefined;
  }
  const find = (sequence: string): Json | undefined =>
    (answer?.[sequence]?.Value as readonly Json[] | undefined)?.find(
      (item) => item[INSTANCE]?.Value?.[0] === sopInstanceUid,
    );
  const failed = find(FAILED);
  if (failed !== undefined) {
    return {
      sopInstanceUid,
      outcome: 'refused',
      reason: reasonInWords(Number(failed[FAILURE_REASON]?.Value?.[0] ?? 0)),
    };
  }
  const stored = find(REFERENCED);
  if (stored === undefined) return undefined;
  const warning = Number(stored[WARNING_REASON]?.Value?.[0] ?? 0);
  return { sopInstanceUid, outcome: 'stored', ...(warning !== 0 && { reason: reasonInWords(warning) }) };
}

/** Whether the server has the object; false where it does not say. */
async function isThere(
  { studyInstanceUid, seriesInstanceUid, sopInstanceUid }: Omit<WrittenObject, 'bytes'>,
  destination: WebDestination,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const path = `/studies/${studyInstanceUid}/series/${seriesInstanceUid}/instances?SOPInstanceUID=${sopInstanceUid}`;
  const headers = { Accept: 'application/dicom+json' };
  const response = await request(destination, path, { headers, ...(signal && { signal }) });
  if (!response.ok) return false;
  return (await response.text()).includes(sopInstanceUid);
}
