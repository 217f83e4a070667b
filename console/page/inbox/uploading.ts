import { useSyncExternalStore } from 'react';
import { ApiError } from '../../contract/client.js';
import type { Upload } from '../../contract/inbox.js';
import { UPLOAD_LIMITS } from '../../contract/words.js';
import { client } from '../api/client.js';
import type { ChosenFile } from './chosen-files.js';
import { sendFile } from './send-file.js';

/** An upload that this page sends. It goes on while other pages are looked at, and is gone when the window is closed. */
export interface Sending {
  /** As the console said last; undefined until it has answered. */
  readonly upload: Upload | undefined;
  /** Bytes that are there, by `exam/file`, newer than what `upload` says. */
  readonly received: ReadonlyMap<string, number>;
  /** The connection is lost, and is tried again. */
  readonly lost: ApiError | undefined;
  /** What cannot be gone on with. */
  readonly error: Error | undefined;
  readonly done: boolean;
}

let sending: Sending | undefined;
let stop: AbortController | undefined;
const listeners = new Set<() => void>();

function set(changed: Partial<Sending> | undefined): void {
  sending =
    changed === undefined
      ? undefined
      : {
          upload: undefined,
          received: new Map(),
          lost: undefined,
          error: undefined,
          done: false,
          ...sending,
          ...changed,
        };
  for (const listener of listeners) listener();
}

/** What is being sent now. */
export const useSending = (): Sending | undefined =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => sending,
  );

/** Stops sending. What is at the console stays there until the upload is abandoned. */
export function stopSending(): void {
  stop?.abort();
  set(undefined);
}

const nameOf = ({ exam, file }: { exam: string; file: string }): string => `${exam}/${file}`;

/**
 * Announces files, shows what is wrong with them, and sends those that can be sent. Where the same files lie at the console
 * half sent, it goes on with them.
 */
export async function send(files: readonly ChosenFile[], branch: string): Promise<void> {
  stop?.abort();
  const stopped = new AbortController();
  stop = stopped;
  const { signal } = stopped;
  set(undefined);
  set({});
  try {
    requireFew(files);
    const upload =
      (await sameUpload(files, branch)) ?? (await client.beginUpload({ body: { files: listed(files), branch } }));
    set({ upload });
    const byName = new Map(files.map((file) => [nameOf(file), file]));
    for (const exam of upload.exams) {
      if (exam.state === 'refused' || exam.state === 'committed') continue;
      for (const { file, received } of exam.files) {
        const chosen = byName.get(nameOf({ exam: exam.exam, file }));
        if (chosen === undefined) continue;
        const note = (now: number, lost?: ApiError): void => {
          if (signal.aborted) return;
          set({ received: new Map(sending?.received).set(nameOf(chosen), now), lost });
        };
        await sendFile(upload.upload, chosen, received, note, signal);
      }
      set({ upload: await client.upload({ params: { upload: upload.upload }, signal }) });
    }
    await checked(upload.upload, signal);
    set({ done: true });
  } catch (error) {
    if (!signal.aborted) set({ error: error as Error });
  }
}

const listed = (files: readonly ChosenFile[]): { exam: string; file: string; size: number }[] =>
  files.map(({ exam, file, blob }) => ({ exam, file, size: blob.size }));

/** @throws ApiError for more than the console takes at once, before anything is sent. */
function requireFew(files: readonly ChosenFile[]): void {
  if (files.length === 0) {
    throw new ApiError(400, 'invalid-argument', 'There is no file in what you chose.', 'Choose a folder of exams.');
  }
  if (files.length > UPLOAD_LIMITS.files) {
    const next = 'Send fewer folders at once, or use mammoflow put, which knows no bound.';
    throw new ApiError(
      413,
      'too-large',
      `That is ${files.length} files, and ${UPLOAD_LIMITS.files} are taken at once.`,
      next,
    );
  }
}

/** An upload that lies at the console, is not committed, and is of exactly these files. */
async function sameUpload(files: readonly ChosenFile[], branch: string): Promise<Upload | undefined> {
  const wanted = new Set(listed(files).map(({ size, ...name }) => `${nameOf(name)} ${size}`));
  const { items } = await client.uploads();
  return items.find(
    ({ outcome, exams, branch: of }) =>
      outcome === null &&
      of === branch &&
      exams.length > 0 &&
      exams.every(({ state }) => state !== 'committed') &&
      exams.flatMap(({ exam, files: there }) => there.map(({ file, size }) => `${exam}/${file} ${size}`)).length ===
        wanted.size &&
      exams.every(({ exam, files: there }) => there.every(({ file, size }) => wanted.has(`${exam}/${file} ${size}`))),
  );
}

/** Waits until every exam that is there has been opened and checked. */
async function checked(upload: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const state = await client.upload({ params: { upload }, signal });
    set({ upload: state });
    if (state.exams.every(({ state: of }) => of !== 'checking' && of !== 'expecting')) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
