import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { Logger } from 'pino';
import { MammoflowError } from '../../pipeline/errors.js';
import { sparseLog } from '../sparse-log.js';
import { printableTitle, type Rejection, readRequest, rejection } from './association-request.js';
import { serveAssociation, WHOLE } from './serve-association.js';

export interface ListenerSettings {
  readonly host: string;
  readonly port: number;
  /** The AE title that it answers to. */
  readonly title: string;
  /** AE titles that may call. */
  readonly callers: readonly string[];
  /** With a key and a certificate, TLS is required; with `ca`, callers have to have a certificate of it. */
  readonly tls?: Pick<TlsOptions, 'key' | 'cert' | 'ca'>;
  /** Where objects lie until they are delivered: they say whose they are, and nobody else may read them. */
  readonly folder: string;
  /**
   * Puts an object where it is safe; afterwards its file is removed. Tried again until it succeeds.
   * @param acknowledged the sender was told that it is stored. Otherwise it may be cut short, and is worth keeping if it is not.
   */
  readonly deliver: (path: string, acknowledged: boolean) => Promise<void>;
  readonly log: Logger;
}

export interface Listener {
  readonly port: number;
  /** Takes no more associations, gives those that run a moment, delivers what lies there as far as it can, and ends. */
  close(): Promise<void>;
}

/** Associations at once; each is a process. Further ones are rejected for the moment, and come again. */
const MOST_AT_ONCE = 64;
const REQUEST_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 200;
const TRY_AGAIN_MS = 2_000;
const CLOSE_WITHIN_MS = 10_000;

/**
 * Listens for DICOM associations, checks who calls and whom, and has DCMTK serve them. What is received lies on disk until
 * it is delivered: a process that dies loses nothing that a sender was told is stored, and the next one delivers it.
 *
 * @throws MammoflowError `service-unavailable` where it cannot listen there.
 */
export async function startListener(settings: ListenerSettings): Promise<Listener> {
  const { folder, title, callers, log } = settings;
  const warn = sparseLog(log);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const peers = new Set<Socket>();
  const running = new Map<string, Promise<void>>();
  let isClosing = false;

  async function serve(peer: Socket): Promise<void> {
    const request = await readRequest(peer, REQUEST_WITHIN_MS);
    const from = peer.remoteAddress;
    if (request === undefined) {
      warn('what came was no DICOM association', { from });
      peer.destroy();
      return;
    }
    const names = { from, calling: printableTitle(request.callingTitle), called: printableTitle(request.calledTitle) };
    const why = ((): Rejection | undefined => {
      if (request.calledTitle !== title) return 'called-title';
      if (!callers.includes(request.callingTitle)) return 'calling-title';
      return running.size >= MOST_AT_ONCE || isClosing ? 'too-many' : undefined;
    })();
    if (why !== undefined) {
      warn(REFUSED[why], names);
      peer.end(rejection(why));
      return;
    }
    const name = randomUUID();
    const serving = serveAssociation(peer, request, join(folder, name)).then(
      ({ code, said }) => log.info({ ...names, code, ...(said !== '' && { said }) }, 'an association ended'),
      (error) => log.error({ ...names, err: error }, 'an association could not be served'),
    );
    running.set(
      name,
      serving.finally(() => running.delete(name)),
    );
  }

  const onPeer = (peer: Socket): void => {
    peers.add(peer);
    peer.on('close', () => peers.delete(peer));
    peer.on('error', () => undefined);
    serve(peer).catch((error) => log.error({ err: error }, 'an association could not be begun'));
  };
  const server: Server =
    settings.tls === undefined
      ? createServer(onPeer)
      : createTlsServer(
          {
            ...settings.tls,
            minVersion: 'TLSv1.2',
            ...(settings.tls.ca === undefined ? {} : { requestCert: true, rejectUnauthorized: true }),
          },
          onPeer,
        ).on('tlsClientError', (error) =>
          warn('a caller did not get through TLS', { reason: (error as NodeJS.ErrnoException).code }),
        );
  server.listen(settings.port, settings.host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new MammoflowError(
      'service-unavailable',
      `Nothing can listen on ${settings.host}:${settings.port}: ${(cause as Error).message}.`,
      'Give another address with --listen host:port.',
      { cause },
    );
  }

  /** @returns whether something is left. */
  async function deliverAll(): Promise<boolean> {
    let isLeft = false;
    for (const association of await readdir(folder)) {
      const isOpen = running.has(association);
      const whole = join(folder, association, WHOLE);
      for (const file of await readdir(whole).catch(() => [])) {
        if (!(await delivered(join(whole, file), true))) isLeft = true;
      }
      if (isOpen || running.has(association)) continue;
      // The process died between telling the sender and moving the file, or while it was writing.
      const rest = await readdir(join(folder, association), { withFileTypes: true }).catch(() => []);
      for (const entry of rest) {
        if (entry.isFile() && !(await delivered(join(folder, association, entry.name), false))) isLeft = true;
      }
      const after = await readdir(whole).catch(() => []);
      if (!isLeft && after.length === 0) await rm(join(folder, association), { recursive: true, force: true });
    }
    return isLeft;
  }

  async function delivered(path: string, acknowledged: boolean): Promise<boolean> {
    try {
      await settings.deliver(path, acknowledged);
      await rm(path, { force: true });
      return true;
    } catch (error) {
      warn('a received object could not be put into the inbox: trying again', { reason: (error as Error).message });
      return false;
    }
  }

  let timer: NodeJS.Timeout | undefined;
  let delivering = Promise.resolve();
  const next = (): void => {
    if (isClosing) return;
    delivering = deliverAll().then(
      (isLeft) => {
        if (!isClosing) timer = setTimeout(next, isLeft ? TRY_AGAIN_MS : LOOK_EVERY_MS);
      },
      (error) => {
        log.error({ err: error }, 'the spool cannot be read');
        if (!isClosing) timer = setTimeout(next, TRY_AGAIN_MS);
      },
    );
  };
  next();

  const address = server.address() as { port: number };
  log.info({ host: settings.host, port: address.port, title, callers }, 'listening for DICOM associations');
  return {
    port: address.port,
    async close() {
      isClosing = true;
      clearTimeout(timer);
      server.close();
      const impatient = setTimeout(() => {
        for (const peer of peers) peer.destroy();
      }, CLOSE_WITHIN_MS);
      await Promise.all(running.values());
      clearTimeout(impatient);
      for (const peer of peers) peer.destroy();
      await delivering;
      await deliverAll();
      log.info('no longer listening for DICOM associations');
    },
  };
}

const REFUSED: Readonly<Record<Rejection, string>> = {
  'called-title': 'an association was refused: another AE title was called',
  'calling-title': 'an association was refused: its AE title may not call',
  'too-many': 'an association was refused: too many at once',
};
