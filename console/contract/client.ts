import type { z } from 'zod';
import type { ErrorAnswer } from './common.js';
import { CSRF_HEADER, PATHS, type RouteName } from './paths.js';
import type { Routes } from './routes.js';

type In<Contract, Part extends string> = Contract extends { readonly [key in Part]: infer Schema }
  ? Schema extends z.ZodType
    ? { [key in Part]: z.input<Schema> }
    : unknown
  : unknown;

/** Whether everything in a type may be left out. */
type Optional<T> = Record<never, never> extends T ? true : false;
/** A part of a request all of whose fields may be left out may be left out itself. */
type Loose<T> = { [key in keyof T as Optional<T[key]> extends true ? never : key]: T[key] } & {
  [key in keyof T as Optional<T[key]> extends true ? key : never]?: T[key];
};

/** What a route takes: `params`, `query` and `body`, as far as it has them. */
export type RequestOf<Name extends RouteName> = Loose<
  In<Routes[Name], 'params'> & In<Routes[Name], 'query'> & In<Routes[Name], 'body'>
> & { readonly signal?: AbortSignal };

/** What a route gives. */
export type ResponseOf<Name extends RouteName> = z.output<Routes[Name]['response']>;

/** An answer that is an error: `code` and `next` as the command has them. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly next?: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** One function a route, named as in `paths.ts`. */
export type ConsoleClient = {
  [Name in RouteName]: Optional<RequestOf<Name>> extends true
    ? (request?: RequestOf<Name>) => Promise<ResponseOf<Name>>
    : (request: RequestOf<Name>) => Promise<ResponseOf<Name>>;
};

interface AnyRequest {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/**
 * The console's API with types. Answers are taken as the server checked them.
 *
 * @param options.csrf the session's, asked for before each request that changes something.
 * @example
 * const client = createConsoleClient({ csrf: () => session.csrf });
 * const { items } = await client.exams({ query: { state: ['failed'] } });
 */
export function createConsoleClient({
  base = '',
  fetch = globalThis.fetch.bind(globalThis),
  csrf,
  headers = {},
}: {
  base?: string;
  fetch?: typeof globalThis.fetch;
  csrf: () => string | undefined;
  headers?: Readonly<Record<string, string>>;
}): ConsoleClient {
  const call = async (name: RouteName, { params = {}, query, body, signal }: AnyRequest = {}): Promise<unknown> => {
    const [method, path] = PATHS[name];
    const url =
      base + path.replace(/:(\w+)/g, (_, key: string) => encodeURIComponent(params[key] ?? '')) + asText(query);
    const sent: Record<string, string> = { ...headers, accept: 'application/json' };
    const init: RequestInit = { method, headers: sent, credentials: 'same-origin', ...(signal ? { signal } : {}) };
    if (method !== 'GET') sent[CSRF_HEADER] = csrf() ?? '';
    if (method === 'POST') {
      sent['content-type'] = 'application/json';
      init.body = JSON.stringify(body ?? {});
    }
    return readAnswer(await send(fetch, url, init));
  };
  return Object.fromEntries(
    (Object.keys(PATHS) as RouteName[]).map((name) => [name, (request?: AnyRequest) => call(name, request)]),
  ) as unknown as ConsoleClient;
}

async function send(fetch: typeof globalThis.fetch, url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    if ((cause as Error).name === 'AbortError') throw cause;
    throw new ApiError(0, 'offline', 'The console does not answer.', 'Check that it is running and try again.', {
      cause,
    });
  }
}

/** @throws ApiError for every answer but a good one. */
export async function readAnswer(response: Response): Promise<unknown> {
  const answer = (await response.json().catch(() => undefined)) as unknown;
  if (response.ok) return answer;
  const { error } = (answer ?? {}) as Partial<ErrorAnswer>;
  throw new ApiError(
    response.status,
    error?.code ?? 'internal',
    error?.message ?? `The console answered ${response.status}.`,
    error?.next,
  );
}

function asText(query: Readonly<Record<string, unknown>> = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined) parameters.append(name, String(one));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}
