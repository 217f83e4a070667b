import { createServer } from 'node:net';

function bindable(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}

/**
 * The preferred port of 127.0.0.1 if nobody listens there, else any free one. Somebody may still take it before it is
 * used: who starts a server on it must be ready to try again.
 */
export async function freePort(preferred?: number): Promise<number> {
  const port = (preferred === undefined ? undefined : await bindable(preferred)) ?? (await bindable(0));
  if (port === undefined) throw new Error('there is no free port on 127.0.0.1');
  return port;
}
