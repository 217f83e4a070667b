import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MammoflowError } from '../pipeline/errors.js';
import { checkSecrets, isSameSecret, isSigned, tokenOf, type WebhookSecrets } from './authentication.js';
import { REQUESTS_PER_SECOND } from './limits.js';
import type { RequestOutcome } from './metrics.js';
import { type EventSink, noticeEvents } from './notice-events.js';
import { readNotification } from './notification.js';
import { rateLimit } from './rate-limit.js';

/** Where and how the webhook listens. */
export interface WebhookSettings {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly secrets: WebhookSecrets;
  /** Requests a second that one address may send in the long run; twice as many at once. */
  readonly requestsPerSecond?: number;
  /** The longest body, in bytes. */
  readonly longestBody?: number;
  /** A request must have arrived whole within this. */
  readonly requestTimeoutMs?: number;
}

/** A webhook that listens. */
export interface Webhook {
  /** `http://host:port` */
  readonly address: string;
  /** Takes no more requests, and waits a moment for those under way. */
  close(): Promise<void>;
}

/** The largest SNS and SQS messages have 256 kB; senders over HTTP put one record in a request. */
export const LONGEST_BODY = 2 ** 20;
const REQUEST_TIMEOUT_MS = 15_000;
/** Of all requests together: what senders can make this process hold. */
const MOST_BYTES_UNDER_WAY = 32 * 2 ** 20;
const MOST_CONNECTIONS = 512;
const CLOSE_WITHIN_MS = 3000;

const EVENTS_PATH = '/events';

interface Refusal {
  readonly outcome: RequestOutcome;
  readonly status: number;
  readonly reason: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const UNAUTHORISED: Refusal = {
  outcome: 'unauthorised',
  status: 401,
  reason: 'Send the token as "Authorization: Bearer <token>" or in the URL, or sign the body.',
  headers: { 'www-authenticate': 'Bearer' },
};
const TOO_LARGE = (bytes: number): Refusal => ({
  outcome: 'too_large',
  status: 413,
  reason: `The body has more than ${bytes} bytes: send fewer records at a time.`,
});
const OVERLOADED: Refusal = {
  outcome: 'overloaded',
  status: 503,
  reason: 'Too many requests are under way: try again.',
  headers: { 'retry-after': '1' },
};
const RATE_LIMITED: Refusal = {
  outcome: 'rate_limited',
  status: 429,
  reason: 'Too many requests: send them more slowly, or more records at a time.',
  headers: { 'retry-after': '1' },
};
const UNREADABLE: Refusal = {
  outcome: 'unreadable',
  status: 400,
  reason:
    'The body is no notification of S3, SNS or EventBridge: {"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"…"},"object":{"key":"…"}}}]}.',
};

/**
 * Listens for notifications of storage services: `POST /events`, with the token in a header, as `/events?token=…` or as
 * `/events/<token>`. A request is answered (204, without a body) as soon as its hint is noted in memory: senders such as
 * versitygw send once and do not wait, and what is lost in a crash is found by the next look into the inbox.
 * `GET /health` answers 200 while the process works.
 *
 * @throws MammoflowError `invalid-configuration` without a secret, `service-unavailable` where it cannot listen
 */
export async function startWebhook(settings: WebhookSettings, sink: EventSink): Promise<Webhook> {
  const { host, port, secrets, requestsPerSecond = REQUESTS_PER_SECOND, longestBody = LONGEST_BODY } = settings;
  const { requestTimeoutMs = REQUEST_TIMEOUT_MS } = settings;
  checkSecrets(secrets);
  const limit = rateLimit({ perSecond: requestsPerSecond, burst: Math.max(1, 2 * requestsPerSecond) });
  const { hints, metrics, warn } = sink;
  const underWay = { bytes: 0 };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = requestUrl(request);
    if (url?.pathname === '/health' && request.method === 'GET') return sendHealth(response, sink);
    const token = url === undefined ? undefined : eventToken(request, url);
    if (url === undefined || token === undefined) {
      return refuse({ outcome: 'not_found', status: 404, reason: 'Events go to POST /events.' });
    }
    if (request.method !== 'POST') {
      return refuse({ outcome: 'not_found', status: 405, reason: 'Use POST.', headers: { allow: 'POST' } });
    }
    const known = secrets.token !== undefined && token !== '' && isSameSecret(token, secrets.token);
    if (!limit.allows(request.socket.remoteAddress ?? '')) {
      // Nothing is lost for a sender that we know: that it has something to say is all that a hint needs.
      if (known) hints.request();
      return refuse(RATE_LIMITED);
    }
    const signature = request.headers['x-hub-signature-256'];
    if (!known && (secrets.secret === undefined || typeof signature !== 'string')) return refuse(UNAUTHORISED);
    const body = await readBody(request, longestBody, underWay);
    if (body === 'aborted') return void metrics.requests.inc({ outcome: 'aborted' });
    if (body === 'too large') return refuse(TOO_LARGE(longestBody));
    if (body === 'overloaded') {
      if (known) hints.request();
      return refuse(OVERLOADED);
    }
    if (!known && !isSigned(body, signature as string, secrets.secret as string)) return refuse(UNAUTHORISED);
    const notification = readNotification(body.toString('utf8'));
    noticeEvents(sink, 'webhook', notification);
    if (notification === undefined) return refuse(UNREADABLE);
    metrics.requests.inc({ outcome: 'accepted' });
    response.writeHead(204).end();

    function refuse({ outcome, status, reason, headers }: Refusal): void {
      metrics.requests.inc({ outcome });
      warn(`request refused: ${outcome.replaceAll('_', ' ')}`, { sender: request.socket.remoteAddress });
      // What is left of the body is not read, so the connection cannot go on.
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close', ...headers });
      response.end(`${JSON.stringify({ error: reason })}\n`);
    }
  }

  const server = createServer(
    { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs, connectionsCheckingInterval: 1000 },
    (request, response) => {
      // A broken connection ends its request, nothing else.
      request.on('error', () => undefined);
      response.on('error', () => undefined);
      answer(request, response).catch((error) => {
        warn('a request could not be answered', { err: error });
        if (!response.headersSent) response.writeHead(500, { connection: 'close' });
        response.end();
      });
    },
  );
  server.maxConnections = MOST_CONNECTIONS;
  const address = await listen(server, host, port, 'The webhook');
  return { address, close: () => closeServer(server) };
}

/** Undefined for what is no path, such as `*` or a proxy's request. */
function requestUrl(request: IncomingMessage): URL | undefined {
  const { url = '' } = request;
  return url.startsWith('/') && URL.canParse(url, 'http://receiver') ? new URL(url, 'http://receiver') : undefined;
}

/** The token that came with a request for events, empty for none; undefined for a request for something else. */
function eventToken(request: IncomingMessage, url: URL): string | undefined {
  if (url.pathname === EVENTS_PATH) return tokenOf(request, url) ?? '';
  const [, folder, token, ...more] = url.pathname.split('/');
  return `/${folder}` === EVENTS_PATH && token && more.length === 0 ? token : undefined;
}

type Unread = 'aborted' | 'too large' | 'overloaded';

/** The whole body, counted as it arrives, so that one without an end is noticed early. */
function readBody(request: IncomingMessage, longest: number, underWay: { bytes: number }): Promise<Buffer | Unread> {
  if (Number(request.headers['content-length'] ?? 0) > longest) return Promise.resolve('too large');
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (result: Buffer | Unread): void => {
      underWay.bytes -= bytes;
      bytes = 0;
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      if (typeof result === 'string') request.pause();
      resolve(result);
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.byteLength;
      underWay.bytes += chunk.byteLength;
      if (bytes > longest) finish('too large');
      else if (underWay.bytes > MOST_BYTES_UNDER_WAY) finish('overloaded');
      else chunks.push(chunk);
    };
    const onEnd = (): void => finish(Buffer.concat(chunks));
    const onClose = (): void => finish('aborted');
    request.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}

/** Answers 200 while the process works, and says since when Temporal has not taken hints. */
export function sendHealth(response: ServerResponse, { hints }: Pick<EventSink, 'hints'>): void {
  const failing = hints.failingSince();
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  const state =
    failing === undefined
      ? { status: 'ok' }
      : { status: 'waiting for Temporal', failingSince: new Date(failing).toISOString() };
  response.end(`${JSON.stringify(state)}\n`);
}

/**
 * Starts listening.
 * @returns `http://host:port`
 * @throws MammoflowError `service-unavailable` where the port is taken or may not be used
 */
export async function listen(
  server: ReturnType<typeof createServer>,
  host: string,
  port: number,
  what: string,
): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new MammoflowError(
          'service-unavailable',
          `${what} cannot listen on ${host}:${port}: ${cause.message}.`,
          'Choose another host and port.',
          { cause },
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
  const { address, family, port: bound } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
}

/** Takes no more connections; ends those that are not done in a moment. */
export async function closeServer(server: ReturnType<typeof createServer>): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const late = setTimeout(() => server.closeAllConnections(), CLOSE_WITHIN_MS);
  await closed;
  clearTimeout(late);
}
