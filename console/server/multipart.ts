import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Dicer } from '@fastify/busboy';

/** One part of a body of several, written to a file. */
export interface SpooledPart {
  readonly path: string;
  /** In lower case, without parameters. Empty where the part does not say. */
  readonly contentType: string;
  /** Bytes came that were not written, because the part has more than is taken. */
  readonly cutShort: boolean;
}

export interface SpoolOptions {
  readonly boundary: string;
  /** Where to write the next part. The file is removed once the part is dealt with. */
  readonly nextPath: () => string;
  /** Bytes written of a part; the rest is read and dropped. */
  readonly partBytes: number;
  /** Bytes of the whole body. */
  readonly bodyBytes: number;
  readonly parts: number;
}

/** A body that is more than is taken, or not of the form that it says. */
export class MultipartError extends Error {
  constructor(
    readonly problem: 'too-large' | 'malformed' | 'broken-off',
    message: string,
  ) {
    super(message);
  }
}

/**
 * Reads a body of several parts (RFC 2046, 5.1) as it comes, and deals with each part when all of it is there: memory holds a
 * few buffers, and the disk one part. A part that breaks off is dropped; those before it have been dealt with.
 *
 * @throws MultipartError, after the parts before have been dealt with; whatever `deal` throws.
 */
export async function spoolParts(
  body: Readable,
  { boundary, nextPath, partBytes, bodyBytes, parts: most }: SpoolOptions,
  deal: (part: SpooledPart) => Promise<void>,
): Promise<void> {
  const dicer = new Dicer({ boundary });
  let failure: unknown;
  /** No further part is dealt with. Those that came whole before a body broke off are. */
  let isOver = false;
  let parts = 0;
  let bytes = 0;
  let working = Promise.resolve();
  const fail = (error: unknown): void => {
    failure ??= error;
    isOver = true;
    dicer.destroy();
  };

  dicer.on('part', (part) => {
    parts += 1;
    const number = parts;
    let contentType = '';
    part.on('header', (header) => {
      const [value] = (header as Record<string, string[] | undefined>)['content-type'] ?? [];
      contentType = (value ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
    });
    let isBroken = false;
    part.on('error', () => {
      isBroken = true;
    });
    working = working.then(async () => {
      if (isOver) return;
      if (number > most) {
        fail(new MultipartError('too-large', `There are more than ${most} parts.`));
        return;
      }
      const path = nextPath();
      try {
        const cutShort = await write(part as unknown as Readable, path, partBytes);
        if (isBroken) throw new MultipartError('malformed', 'A part breaks off.');
        await deal({ path, contentType, cutShort });
      } catch (error) {
        // One that broke off with the body has been told of.
        if (failure === undefined) fail(error);
      } finally {
        await rm(path, { force: true });
      }
    });
  });

  let isParsed = false;
  let goOn = (): void => undefined;
  const parsed = new Promise<void>((resolve) => {
    const end = (): void => {
      isParsed = true;
      resolve();
      goOn();
    };
    dicer.on('finish', end);
    dicer.on('close', end);
    dicer.on('error', (error) => {
      failure ??= new MultipartError('malformed', error.message);
      end();
    });
  });
  try {
    for await (const chunk of body) {
      if (failure !== undefined) break;
      bytes += (chunk as Buffer).length;
      if (bytes > bodyBytes) throw new MultipartError('too-large', `The body has more than ${bodyBytes} bytes.`);
      // What follows the last boundary is of no meaning (RFC 2046, 5.1.1), and read to its end.
      if (isParsed) continue;
      // The callback of the last write does not come where the end of the last part is in it.
      await new Promise<void>((resolve) => {
        goOn = resolve;
        dicer.write(chunk as Buffer, () => resolve());
      });
    }
    if (!isParsed) dicer.end();
  } catch (error) {
    failure ??=
      error instanceof MultipartError ? error : new MultipartError('broken-off', 'The sender broke the body off.');
    // Ends a part that is on its way, whose file then goes.
    dicer.end();
  }
  await parsed;
  await working;
  if (failure !== undefined) throw failure;
  if (parts === 0) throw new MultipartError('malformed', 'There is no part in the body.');
}

/** @returns whether there was more than is taken. */
async function write(part: Readable, path: string, most: number): Promise<boolean> {
  let bytes = 0;
  await pipeline(
    part,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        const room = Math.max(0, most - bytes);
        bytes += chunk.length;
        if (room > 0) yield chunk.subarray(0, room);
      }
    },
    createWriteStream(path, { mode: 0o600 }),
  );
  return bytes > most;
}
