import { createConsoleClient } from '../../contract/client.js';
import type { SessionState } from '../../contract/session.js';

let csrf: string | undefined;

/** The console's API, as the page that it serves. */
export const client = createConsoleClient({ csrf: () => csrf });

/** What the session's answer said is repeated with every change. */
export function noteSession(session: SessionState): SessionState {
  csrf = session.csrf;
  return session;
}

/** What a change sends that does not go through the client: pieces of an upload. */
export const currentCsrf = (): string => csrf ?? '';
