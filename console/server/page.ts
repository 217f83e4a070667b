import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { packageRoot } from '../../infra/package-root.js';
import { RESEARCH_USE_ONLY } from '../../pipeline/predictions.js';

/** Where the page is built. */
const BUILT = join(packageRoot, 'dist', 'console', 'page');

/** Said in its place while there is none: this version has the API of the console, and no page over it yet. */
const NO_PAGE = `<!doctype html><html lang="en"><title>mammoflow</title><body><h1>mammoflow</h1>
<p>This version of the console has its API, and no page yet. The API is described, and can be tried, at
<a href="/api/docs">/api/docs</a>. Results and heatmaps are shown by <code>mammoflow results</code>, <code>explain</code>,
<code>compare</code> and <code>inspect</code>.</p><p>${RESEARCH_USE_ONLY}</p></body></html>`;

/** Serves the built page: its files for ever, since their names tell their content, and itself for every other address. */
export async function addPage(app: FastifyInstance, folder = BUILT): Promise<void> {
  const built = existsSync(join(folder, 'index.html'));
  if (built) {
    await app.register(fastifyStatic, {
      root: folder,
      // Addresses of the page are its own; only what lies there is a file.
      wildcard: false,
      index: false,
      cacheControl: false,
      setHeaders(response, path) {
        const named = path.includes(`${join(folder, 'assets')}`);
        response.setHeader('cache-control', named ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
  }
  app.setNotFoundHandler(async (request, reply) => {
    const page = request.method === 'GET' && !request.url.startsWith('/api/') && !request.url.startsWith('/assets/');
    if (!page) {
      reply.status(404);
      return { error: { code: 'not-found', message: 'There is nothing at this address.', next: 'See /api/docs.' } };
    }
    if (built) return reply.header('cache-control', 'no-cache').sendFile('index.html');
    return reply.type('text/html; charset=utf-8').send(NO_PAGE);
  });
}
