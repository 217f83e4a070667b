import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MammoflowError } from '../pipeline/errors.js';

export interface StatusServer {
  /** `http://host:port`. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Tells whoever runs a worker how it is: `/healthz` (200 while the process lives), `/readyz` (503 with the reason while it
 * could not do its work), `/metrics` for Prometheus.
 *
 * @throws MammoflowError `service-unavailable` when it cannot listen there.
 */
export async function startStatusServer({
  host,
  port,
  problem,
  metrics,
}: {
  host: string;
  /** 0 for any that is free. */
  port: number;
  problem: () => Promise<string | undefined>;
  /** Prometheus' text format. */
  metrics: () => Promise<string>;
}): Promise<StatusServer> {
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    const path = new URL(request.url ?? '/', 'http://worker').pathname;
    const answer = { '/healthz': alive, '/readyz': ready, '/metrics': counted }[path] ?? nothing;
    answer(response).catch((error: unknown) => send(response, 500, `${(error as Error).message}\n`));
  });
  const alive = async (response: ServerResponse): Promise<void> => send(response, 200, 'ok\n');
  const ready = async (response: ServerResponse): Promise<void> => {
    const reason = await problem();
    send(response, reason === undefined ? 200 : 503, `${reason ?? 'ready'}\n`);
  };
  const counted = async (response: ServerResponse): Promise<void> => send(response, 200, await metrics(), PROMETHEUS);
  const nothing = async (response: ServerResponse): Promise<void> =>
    send(response, 404, 'See /healthz, /readyz and /metrics.\n');
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const message = `Metrics cannot be served on ${host}:${port}: ${(cause as Error).message}.`;
    throw new MammoflowError('service-unavailable', message, 'Give another address with --metrics host:port.', {
      cause,
    });
  }
  const { port: bound } = server.address() as AddressInfo;
  return {
    address: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    async close() {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8';

function send(response: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}
