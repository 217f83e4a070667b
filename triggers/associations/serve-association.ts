import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { MammoflowError } from '../../pipeline/errors.js';
import type { AssociationRequest } from './association-request.js';

/** Below an association's folder: objects that were received whole, and whose sender was told so. */
export const WHOLE = 'whole';

/** Seconds without a word of the peer, after which it counts as gone. */
const SILENCE_SECONDS = 120;

/**
 * Serves one association with DCMTK's `storescp`, in a process of its own: C-ECHO and C-STORE, objects as files in a folder.
 * It gets a socket and listens nowhere itself, so that nobody can pass by who may call.
 *
 * An object is written as it comes, and moved to `whole/` once its sender has been told that it is stored.
 *
 * @param folder an absent one.
 * @throws MammoflowError `invalid-configuration` where there is no `storescp`.
 */
export async function serveAssociation(
  peer: Socket,
  { calledTitle, bytes }: AssociationRequest,
  folder: string,
): Promise<{ code: number | null; said: string }> {
  await mkdir(join(folder, WHOLE), { recursive: true, mode: 0o700 });
  const [ours, theirs] = await socketPair(join(folder, 'socket'));
  let child: ChildProcess;
  try {
    child = spawn(
      'storescp',
      [
        ...[
          '--inetd',
          '--log-level',
          'error',
          '--accept-all',
          '--promiscuous',
          '--bit-preserving',
          '--unique-filenames',
        ],
        ...['--aetitle', calledTitle, '--dimse-timeout', String(SILENCE_SECONDS), '--output-directory', '.'],
        ...['--exec-on-reception', `mv #f ${WHOLE}/`, '--exec-sync'],
      ],
      { cwd: folder, stdio: [theirs, 'ignore', 'pipe'] },
    );
    let said = '';
    child.stderr?.on('data', (chunk) => {
      said = `${said}${chunk}`.slice(-2_000);
    });
    const ended = once(child, 'close') as Promise<[number | null]>;
    await once(child, 'spawn');
    theirs.destroy();
    ours.write(bytes);
    peer.pipe(ours);
    ours.pipe(peer);
    for (const [one, other] of [
      [peer, ours],
      [ours, peer],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.end());
    }
    peer.resume();
    const [code] = await ended;
    return { code, said: said.trim() };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new MammoflowError(
      'invalid-configuration',
      'DICOM associations are served by storescp of DCMTK, which is not there.',
      'Install DCMTK (on Debian: apt-get install dcmtk).',
      { cause },
    );
  } finally {
    theirs.destroy();
    ours.destroy();
    await rm(join(folder, 'socket'), { force: true });
  }
}

/** Two ends of one connection, of which a process can be given one. In a folder that nobody else can open. */
async function socketPair(path: string): Promise<[Socket, Socket]> {
  const server = createServer({ pauseOnConnect: true });
  server.listen(path);
  await once(server, 'listening');
  const ours = connect(path);
  const [[theirs]] = (await Promise.all([once(server, 'connection'), once(ours, 'connect')])) as unknown as [
    [Socket],
    [],
  ];
  server.close();
  return [ours, theirs];
}
