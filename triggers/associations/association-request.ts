import type { Socket } from 'node:net';

/** What a node asks for when it begins an association (A-ASSOCIATE-RQ, PS3.8, 9.3.2). */
export interface AssociationRequest {
  readonly calledTitle: string;
  readonly callingTitle: string;
  /** All bytes that have come, which whoever serves the association has to be given. */
  readonly bytes: Buffer;
}

const REQUEST = 0x01;
/** Of the fixed fields: type, length, version and both titles. */
const FIXED_BYTES = 74;

/**
 * Reads the beginning of an association. Undefined where what comes is none, or does not come in time.
 */
export function readRequest(socket: Socket, withinMs: number): Promise<AssociationRequest | undefined> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0);
    const end = (request: AssociationRequest | undefined): void => {
      clearTimeout(timer);
      socket.off('data', onData).off('close', onClose);
      // Nothing may be lost until somebody else reads.
      socket.pause();
      resolve(request);
    };
    const onClose = (): void => end(undefined);
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      if (bytes[0] !== REQUEST) end(undefined);
      else if (bytes.length >= FIXED_BYTES) {
        end({ calledTitle: titleAt(bytes, 10), callingTitle: titleAt(bytes, 26), bytes });
      }
    };
    const timer = setTimeout(() => end(undefined), withinMs);
    socket.on('data', onData).on('close', onClose);
  });
}

/** 16 characters, padded with spaces, which do not count. */
const titleAt = (bytes: Buffer, at: number): string => bytes.toString('latin1', at, at + 16).trim();

/** Why an association is rejected: result, source and reason (PS3.8, table 9-21). */
export const REJECTIONS = {
  'calling-title': [1, 1, 3],
  'called-title': [1, 1, 7],
  'too-many': [2, 3, 2],
} as const;
export type Rejection = keyof typeof REJECTIONS;

/** A-ASSOCIATE-RJ (PS3.8, 9.3.4). */
export const rejection = (why: Rejection): Buffer => Buffer.from([0x03, 0, 0, 0, 0, 4, 0, ...REJECTIONS[why]]);

/** A title as it may be logged: printable, and no longer than titles are. */
export const printableTitle = (title: string): string =>
  /^[\x21-\x7e][\x20-\x7e]{0,15}$/.test(title) ? title : '(none)';
