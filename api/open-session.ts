import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { Client, ConnectionOptions } from '@temporalio/client';
import { MammoflowError } from '../pipeline/errors.js';
import { openRepository } from '../repos/repository.js';
import { openObjectStore } from '../repos/s3/open-object-store.js';
import type { Session } from './session.js';

/** Where Temporal and S3 are. */
export interface Services {
  readonly temporal: {
    readonly connection: ConnectionOptions & { readonly address: string };
    readonly namespace: string;
    /** The Web UI, where it is known. */
    readonly ui?: string;
  };
  readonly s3: { readonly config: S3ClientConfig };
  readonly bucket: string;
}

export type OpenSession = Session & {
  /** Ends the connections. */
  close(): Promise<void>;
};

/** A session on some services. Nothing is connected to before a verb needs it. */
export function openSession(
  services: Services,
  {
    author,
    stages,
    inbox,
    now = () => new Date(),
    ...others
  }: Pick<Session, 'author' | 'stages' | 'inbox'> &
    Partial<Pick<Session, 'now' | 'identities' | 'forgetIdentity' | 'credentials'>>,
): OpenSession {
  const repository = openRepository(openObjectStore(services.bucket, services.s3.config));
  let connected: Promise<Client> | undefined;
  return {
    repository,
    author,
    stages,
    inbox,
    now,
    ...others,
    client() {
      const connecting = connected ?? connect(services);
      connected = connecting;
      // Who lives long asks again: Temporal may be back by then.
      connecting.catch(() => {
        if (connected === connecting) connected = undefined;
      });
      return connecting;
    },
    async close() {
      repository.store.close();
      await (await connected?.catch(() => undefined))?.connection.close();
    },
  };
}

/** Loaded here, because most verbs that read do without. */
async function connect({ temporal }: Services): Promise<Client> {
  const { Client } = await import('@temporalio/client');
  const { connectToTemporal } = await import('../planning/temporal-connection.js');
  try {
    const connection = await connectToTemporal({ ...temporal.connection, connectTimeout: '10 seconds' });
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
