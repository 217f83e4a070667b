import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { pipeBothWays } from './piped-sockets.js';

/** A way to a real server that a test can cut and mend. */
export interface SeverableAddress {
  /** `host:port` */
  readonly address: string;
  /** Ends every connection and takes no new ones, as when the server or the network is gone. */
  cut(): Promise<void>;
  /** Listens again, on the same port. */
  mend(): Promise<void>;
  close(): Promise<void>;
}

export async function severable(target: string): Promise<SeverableAddress> {
  const { hostname, port: targetPort } = new URL(`tcp://${target}`);
  const open = new Set<Socket>();
  const pass = (socket: Socket): void => {
    pipeBothWays(socket, connect(Number(targetPort), hostname), open);
  };
  let server = createServer(pass).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const cut = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of open) socket.destroy();
    await closed;
  };
  return {
    address: `127.0.0.1:${port}`,
    cut,
    async mend() {
      server = createServer(pass).listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    close: cut,
  };
}
