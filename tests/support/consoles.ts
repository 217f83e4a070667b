import { join } from 'node:path';
import { pino } from 'pino';
import type { Session } from '../../api/session.js';
import { ApiError, type ConsoleClient, createConsoleClient, readAnswer } from '../../console/contract/client.js';
import { CSRF_HEADER } from '../../console/contract/paths.js';
import type { SessionState } from '../../console/contract/session.js';
import { type AccessSettings, type RunningConsole, startConsole } from '../../console/server/index.js';
import type { TestSystem } from './system.js';

/** A console that runs, and a browser's worth of cookies and headers for it. */
export interface TestConsole extends RunningConsole {
  readonly client: ConsoleClient;
  /** As a page would: with the session's cookie, and with its csrf where it is no GET. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** What a browser keeps of its session. */
  cookie(): string;
  csrf(): string;
}

/** Starts a console on a system's services and opens its page's session. */
export async function openConsole(
  system: TestSystem,
  {
    access = { kind: 'open' },
    session = system.session,
    ui,
  }: { access?: AccessSettings; session?: Session; ui?: string } = {},
): Promise<TestConsole> {
  const running = await startConsole({
    host: '127.0.0.1',
    port: 0,
    session,
    bucket: system.settings.bucket,
    temporal: { ui, namespace: system.settings.temporal.namespace },
    access,
    uploadFolder: join(system.folder, 'uploads'),
    log: pino({ level: process.env.MAMMOFLOW_LOG_LEVEL ?? 'silent' }),
  });
  let cookie = '';
  let csrf = '';
  const request: typeof fetch = async (input, init = {}) => {
    const headers = new Headers(init.headers);
    if (cookie !== '') headers.set('cookie', cookie);
    const response = await fetch(input, { ...init, headers });
    const [set] = response.headers.getSetCookie();
    if (set !== undefined) cookie = set.split(';')[0] as string;
    if (new URL(String(input)).pathname === '/api/session' && response.ok) {
      csrf = ((await response.clone().json()) as SessionState).csrf;
    }
    return response;
  };
  const client = createConsoleClient({ base: running.address, fetch: request, csrf: () => csrf });
  await client.session();
  return {
    ...running,
    client,
    fetch: (path, init = {}) => {
      const headers = new Headers(init.headers);
      if ((init.method ?? 'GET') !== 'GET' && !headers.has(CSRF_HEADER)) headers.set(CSRF_HEADER, csrf);
      return request(`${running.address}${path}`, { ...init, headers });
    },
    cookie: () => cookie,
    csrf: () => csrf,
  };
}

/** The JSON of an answer. @throws ApiError for every answer but a good one. */
export const answerOf = <T>(response: Response): Promise<T> => readAnswer(response) as Promise<T>;

/** What the console refused it with. @throws Error where it did not refuse it, or failed otherwise. */
export async function refusal(asked: Promise<unknown>): Promise<ApiError> {
  try {
    await asked;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}
