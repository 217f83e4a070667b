import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { MammoflowError } from '../pipeline/errors.js';

/** What senders of events prove themselves with. At least one of the two. */
export interface WebhookSecrets {
  /** Sent as it is, in a header or, by senders that can only be given a URL, in the URL. */
  readonly token?: string;
  /** Never sent: the body's HMAC-SHA-256 with it is, as `X-Hub-Signature-256: sha256=<hex>`. */
  readonly secret?: string;
}

const FEWEST_CHARACTERS = 16;

/** @throws MammoflowError `invalid-configuration` where there is no secret at all, or one that can be guessed. */
export function checkSecrets({ token, secret }: WebhookSecrets): void {
  if (token === undefined && secret === undefined) {
    throw new MammoflowError(
      'invalid-configuration',
      'The webhook takes events only from senders that it can tell from others.',
      'Set MAMMOFLOW_WEBHOOK_TOKEN (e.g. to the output of `openssl rand -hex 32`), or MAMMOFLOW_WEBHOOK_SECRET for senders that sign.',
    );
  }
  for (const [name, value] of Object.entries({ TOKEN: token, SECRET: secret })) {
    if (value !== undefined && value.length < FEWEST_CHARACTERS) {
      throw new MammoflowError(
        'invalid-configuration',
        `MAMMOFLOW_WEBHOOK_${name} has fewer than ${FEWEST_CHARACTERS} characters.`,
        'Choose a longer one, e.g. the output of `openssl rand -hex 32`.',
      );
    }
  }
}

/** The token of a request, wherever the sender could put it. Basic authentication is what `https://any:<token>@…` sends. */
export function tokenOf(request: IncomingMessage, url: URL): string | undefined {
  const [scheme = '', credentials = ''] = (request.headers.authorization ?? '').split(/ +/, 2);
  if (/^bearer$/i.test(scheme)) return credentials;
  if (/^basic$/i.test(scheme)) {
    const pair = Buffer.from(credentials, 'base64').toString('utf8');
    return pair.slice(pair.indexOf(':') + 1);
  }
  return url.searchParams.get('token') ?? undefined;
}

/** Compares in a time that tells nothing of either, nor of their lengths. */
export function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** Whether `header` (`sha256=<hex>`) is the signature of the body. */
export function isSigned(body: Uint8Array, header: string | undefined, secret: string): boolean {
  const hex = /^sha256=([0-9a-f]{64})$/i.exec(header ?? '')?.[1];
  if (hex === undefined) return false;
  return timingSafeEqual(Buffer.from(hex, 'hex'), createHmac('sha256', secret).update(body).digest());
}
