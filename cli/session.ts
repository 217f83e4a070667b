import { hostname, userInfo } from 'node:os';
import { Client, Connection } from '@temporalio/client';
import { type ConnectionSettings, connectionSettings } from '../infra/connection.js';
import type { Commit } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { openRepository, type Repository } from '../repos/repository.js';
import { openObjectStore } from '../repos/s3/open-object-store.js';

/** The services as a verb uses them. */
export interface Session {
  readonly settings: ConnectionSettings;
  readonly repository: Repository;
  /** Connects to Temporal with the first call. */
  client(): Promise<Client>;
  close(): Promise<void>;
}

/** Opens a session, runs a verb in it and closes it, whatever happens. */
export async function withSession<T>(dataFolder: string, run: (session: Session) => Promise<T>): Promise<T> {
  const session = openSession(await connectionSettings({ dataFolder }));
  try {
    return await run(session);
  } finally {
    await session.close();
  }
}

export function openSession(settings: ConnectionSettings): Session {
  const repository = openRepository(openObjectStore(settings.bucket, settings.s3.config));
  let connected: Promise<Client> | undefined;
  return {
    settings,
    repository,
    client() {
      connected ??= connect(settings);
      return connected;
    },
    async close() {
      repository.store.close();
      await (await connected?.catch(() => undefined))?.connection.close();
    },
  };
}

async function connect({ temporal }: ConnectionSettings): Promise<Client> {
  try {
    const connection = await Connection.connect({ ...temporal.connection, connectTimeout: '10 seconds' });
    return new Client({ connection, namespace: temporal.namespace });
  } catch (cause) {
    throw new MammoflowError(
      'service-unavailable',
      `Temporal at ${temporal.connection.address} does not answer.`,
      'See `mammoflow status`, or correct TEMPORAL_ADDRESS.',
      { cause },
    );
  }
}

/** Who commits: `MAMMOFLOW_AUTHOR`, or the user and host of this process. */
export function author(): string {
  return process.env.MAMMOFLOW_AUTHOR ?? `${userInfo().username}@${hostname()}`;
}

/** The newest commit of a branch. @throws MammoflowError `unknown-reference` with what to do when there is none. */
export async function requireHead(repository: Repository, branch: string): Promise<Commit> {
  const head = await repository.head(branch);
  if (head !== undefined) return head;
  throw new MammoflowError(
    'unknown-reference',
    `There is no branch ${branch} yet.`,
    'Put something first, e.g. `mammoflow put exams <folder>`.',
  );
}
