import type { S3Client } from '@aws-sdk/client-s3';

/**
 * Reads the server's clock from every answer that a client gets.
 * @returns the server's time now in milliseconds, as far as it is known.
 */
export function watchServerClock(client: S3Client): () => number {
  let clockOffset = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      const sent = Date.now();
      const result = await next(args);
      const told = Date.parse((result.response as { headers?: Record<string, string> }).headers?.date ?? '');
      if (Number.isFinite(told)) clockOffset = clockOffsetOf(told, sent, Date.now());
      return result;
    },
    { step: 'deserialize', name: 'readServerClock', priority: 'low' },
  );
  return () => Date.now() + clockOffset;
}

/**
 * A server tells whole seconds, and many write the header once a second and use it until the next (Go's fasthttp, on
 * which versitygw is built): what it tells can be so much older than the answer.
 */
const DATE_AGE_MS = 999 + 1_000;

/**
 * How far the server's clock is ahead at least, in milliseconds, by what it tells at some moment between the request and
 * the answer; what can be the same time is taken for the same.
 *
 * @param told the server's `Date` header, in milliseconds.
 * @param sent this machine's time when the request went.
 * @param received this machine's time when the answer came.
 */
export function clockOffsetOf(told: number, sent: number, received: number): number {
  if (told > received) return told - received;
  return told + DATE_AGE_MS < sent ? told + DATE_AGE_MS - sent : 0;
}
