import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { pipeBothWays } from './piped-sockets.js';

/** An HTTP proxy that is the only way to some hosts, whose names nobody else knows. */
export interface ForwardProxy {
  /** `http://…`, with the user and password that it asks for. */
  readonly url: string;
  /** `CONNECT host:port` and `GET http://host/…` as they came in. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** @param hosts where `host:port` really is: `127.0.0.1:port`. */
export async function startForwardProxy(hosts: Readonly<Record<string, string>>): Promise<ForwardProxy> {
  const asked: string[] = [];
  const credentials = `Basic ${Buffer.from('ward:open sesame').toString('base64')}`;
  const open = new Set<Socket>();
  const server = createServer((incoming, answer) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    const url = new URL(incoming.url as string);
    const target = hosts[`${url.hostname}:${url.port || '80'}`];
    if (incoming.headers['proxy-authorization'] !== credentials) return void answer.writeHead(407).end();
    if (target === undefined) return void answer.writeHead(502).end();
    const [hostname, port] = target.split(':');
    const { 'proxy-authorization': _, 'proxy-connection': __, ...headers } = incoming.headers;
    const passed = request({ hostname, port, path: url.pathname + url.search, method: incoming.method, headers });
    passed.on('response', (response) => {
      answer.writeHead(response.statusCode as number, response.headers);
      response.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    incoming.pipe(passed);
  });
  server.on('connect', (incoming, socket: Socket) => {
    asked.push(`CONNECT ${incoming.url}`);
    const target = hosts[incoming.url as string];
    if (incoming.headers['proxy-authorization'] !== credentials || target === undefined) {
      return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    }
    const [hostname = '', port] = target.split(':');
    const other = connect(Number(port), hostname, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    pipeBothWays(socket, other, open);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://ward:open%20sesame@127.0.0.1:${port}`,
    asked,
    async close() {
      for (const socket of open) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
