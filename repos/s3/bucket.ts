import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { explained } from './errors.js';
import { watchServerClock } from './server-clock.js';

/** A bucket and the client that reaches it, which says what goes wrong in a person's words. */
export interface Bucket {
  readonly name: string;
  readonly client: S3Client;
  /** The server's time now in milliseconds. */
  serverTime(): number;
  /** Requests sent so far. */
  requests(): number;
}

/** What goes wrong is thrown; without a logger the SDK would also print some of it. */
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** Sockets that stay open: a stage reads and writes about a dozen files, and a worker runs a few stages at a time. */
const MAX_SOCKETS = 64;

export function openBucket(name: string, config: S3ClientConfig): Bucket {
  const client = new S3Client({
    // A server at an address of its own seldom resolves bucket names as host names.
    forcePathStyle: config.endpoint !== undefined,
    maxAttempts: 5,
    logger: SILENT,
    // Checksums are sent where we know them; the SDK's default CRC32 would be computed beside them.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
      connectionTimeout: 5_000,
    },
    ...config,
  });
  let requests = 0;
  client.middlewareStack.add(
    (next) => (args) => {
      requests += 1;
      return next(args);
    },
    { step: 'finalizeRequest', name: 'countRequests' },
  );
  const serverTime = watchServerClock(client);
  // Outermost, so that only what is left after the SDK's retries is seen.
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        throw explained(error, name, (args.input as { Key?: string }).Key);
      }
    },
    { step: 'initialize', name: 'explainErrors', priority: 'high' },
  );
  return { name, client, serverTime, requests: () => requests };
}
