import { sendFileUrl } from '../../contract/binary.js';
import { ApiError } from '../../contract/client.js';
import { BINARY_PATHS, CSRF_HEADER } from '../../contract/paths.js';
import { UPLOAD_LIMITS } from '../../contract/words.js';
import { currentCsrf } from '../api/client.js';
import type { ChosenFile } from './chosen-files.js';

/** Bytes of a piece: what is lost when a connection is. */
const PIECE = Math.min(4 * 1024 * 1024, UPLOAD_LIMITS.pieceBytes);
/** How long is waited after a lost connection, growing to the last. */
const WAITS_MS = [500, 1_000, 2_000, 5_000, 10_000];

/**
 * Sends the rest of a file, piece by piece. A connection that is lost is tried again for as long as `signal` lets it, from
 * where the console says that the file ends.
 *
 * @param from how much of it the console has.
 * @param progress called with how much it has, and with the error while the connection is lost.
 * @throws ApiError for what trying again would not mend.
 */
export async function sendFile(
  upload: string,
  { exam, file, blob }: ChosenFile,
  from: number,
  progress: (received: number, lost?: ApiError) => void,
  signal: AbortSignal,
): Promise<void> {
  let [received, failures] = [from, 0];
  while (received < blob.size) {
    signal.throwIfAborted();
    try {
      received = await sendPiece(upload, { exam, file, blob }, received, signal);
      failures = 0;
      progress(received);
    } catch (error) {
      if (!(error instanceof ApiError) || (error.status >= 400 && error.status < 500)) throw error;
      progress(received, error);
      const wait = WAITS_MS[Math.min(failures, WAITS_MS.length - 1)] as number;
      failures += 1;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

/** @returns how much of the file the console has now, be it that somebody else had sent it. */
async function sendPiece(
  upload: string,
  { exam, file, blob }: ChosenFile,
  offset: number,
  signal: AbortSignal,
): Promise<number> {
  let response: Response;
  try {
    response = await fetch(sendFileUrl(upload, exam, file, offset), {
      method: BINARY_PATHS.sendFile[0],
      headers: { 'content-type': 'application/octet-stream', [CSRF_HEADER]: currentCsrf() },
      body: blob.slice(offset, offset + PIECE),
      signal,
    });
  } catch (cause) {
    signal.throwIfAborted();
    throw new ApiError(0, 'offline', 'The connection to the console is lost. It is tried again by itself.', undefined, {
      cause,
    });
  }
  const answer = (await response.json().catch(() => ({}))) as {
    received?: number;
    error?: { code: string; message: string; next?: string };
  };
  if (answer.received !== undefined && (response.ok || answer.error?.code === 'offset-mismatch'))
    return answer.received;
  const { code = 'internal', message = `The console answered ${response.status}.`, next } = answer.error ?? {};
  throw new ApiError(response.status, code, message, next);
}
