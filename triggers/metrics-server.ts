import { createServer } from 'node:http';
import type { EventSink } from './notice-events.js';
import { closeServer, listen, sendHealth, type Webhook } from './webhook.js';

/**
 * Serves `GET /metrics` for Prometheus and `GET /health`, apart from the webhook, so that only the latter need be
 * reachable from outside.
 *
 * @throws MammoflowError `service-unavailable` where it cannot listen
 */
export async function startMetricsServer(
  { host, port }: { readonly host: string; readonly port: number },
  { hints, metrics }: Pick<EventSink, 'hints' | 'metrics'>,
): Promise<Webhook> {
  const { registry } = metrics;
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    response.on('error', () => undefined);
    const path = request.url?.split('?')[0];
    if (request.method !== 'GET' || (path !== '/metrics' && path !== '/health')) {
      response.writeHead(404, { connection: 'close' }).end();
    } else if (path === '/health') {
      sendHealth(response, { hints });
    } else {
      registry.metrics().then(
        (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    }
  });
  return { address: await listen(server, host, port, 'The metrics'), close: () => closeServer(server) };
}
