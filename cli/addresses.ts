import { InvalidArgumentError } from 'commander';

/** Where something listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Where a receiver listens unless told otherwise. */
export const USUAL_ADDRESS: Address = { host: '127.0.0.1', port: 8480 };

/** Parses `host:port` or `[::1]:port`. */
export function parseAddress(text: string): Address {
  const {
    bracketed,
    host = bracketed,
    port,
  } = /^(?:\[(?<bracketed>[^\]]+)\]|(?<host>[^:[\]]+)):(?<port>\d{1,5})$/.exec(text)?.groups ?? {};
  if (host !== undefined && Number(port) <= 65_535) return { host, port: Number(port) };
  throw new InvalidArgumentError('Give host:port, e.g. 127.0.0.1:8480.');
}
