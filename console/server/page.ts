import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { packageRoot } from '../../infra/package-root.js';
import { MammoflowError } from '../../pipeline/errors.js';

/** Where the page is built: apart from dist/console/page, where the compiler puts what tests use of it. */
const BUILT = join(packageRoot, 'dist', 'page');

/**
 * Serves the built page: its files for ever, since their names tell their content, and itself for every other address.
 *
 * @throws MammoflowError `invalid-configuration` when there is none.
 */
export async function addPage(app: FastifyInstance, folder = BUILT): Promise<void> {
  if (!existsSync(join(folder, 'index.html'))) {
    throw new MammoflowError('invalid-configuration', `The console's page is not in ${folder}.`, 'Run npm run build.');
  }
  await app.register(fastifyStatic, {
    root: folder,
    // Addresses of the page are its own; only what lies there is a file.
    wildcard: false,
    index: false,
    cacheControl: false,
    // The build leaves a compressed copy beside each file.
    preCompressed: true,
    setHeaders(response, path) {
      const named = path.startsWith(join(folder, 'assets'));
      response.setHeader('cache-control', named ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  app.setNotFoundHandler(async (request, reply) => {
    const page = request.method === 'GET' && !request.url.startsWith('/api/') && !request.url.startsWith('/assets/');
    if (page) return reply.sendFile('index.html');
    reply.status(404);
    return { error: { code: 'not-found', message: 'There is nothing at this address.', next: 'See /api/docs.' } };
  });
}
