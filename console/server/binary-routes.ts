import type { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Mammoflow } from '../../api/mammoflow.js';
import type { ViewVersion } from '../../api/types.js';
import { sha256Schema } from '../../pipeline/bundle.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { examIdSchema } from '../../pipeline/exam.js';
import { stageNameSchema } from '../../pipeline/graph.js';
import { HEATMAP_CLASSES } from '../../pipeline/heatmaps.js';
import {
  COLUMNS_HEADER,
  FULL_COLUMNS_HEADER,
  FULL_ROWS_HEADER,
  PICTURE_REPOS,
  ROWS_HEADER,
} from '../contract/binary.js';
import { refSchema, viewSchema } from '../contract/common.js';
import { uploadParameter } from '../contract/inbox.js';
import { BINARY_PATHS } from '../contract/paths.js';
import { UPLOAD_LIMITS } from '../contract/words.js';
import type { Access, User } from './access.js';
import type { Events } from './events.js';
import type { PictureCache, SentPicture } from './picture-cache.js';
import type { Uploads } from './uploads.js';

const versionSchema = z.string().min(1).max(1_024);
const levelSchema = z.coerce.number().int().min(0).max(5).default(0);
const pixelParams = z.object({
  repo: z.enum(PICTURE_REPOS),
  exam: examIdSchema,
  view: viewSchema,
  version: versionSchema,
});
const pixelQuery = z.object({
  sha256: sha256Schema,
  level: levelSchema,
  encoding: z.enum(['gzip', 'raw', 'png']).default('gzip'),
});
const heatmapParams = z.object({ exam: examIdSchema, view: viewSchema, version: versionSchema });
const heatmapQuery = z.object({ sha256: sha256Schema, class: z.enum(HEATMAP_CLASSES), level: levelSchema });
const fileParams = z.object({ repo: stageNameSchema, item: z.string().min(1).max(200) });
const fileQuery = z.object({ file: z.string().min(1).max(1_000), ref: refSchema });
const pieceParams = uploadParameter.extend({ exam: z.string().min(1).max(255), file: z.string().min(1).max(255) });
const pieceQuery = z.object({ offset: z.coerce.number().int().nonnegative() });

/** A version never changes, so whoever has it need not ask again. `private`: it is no business of a cache in between. */
const FOR_EVER = 'private, max-age=31536000, immutable';

/** Routes that answer with bytes, or take them, and the stream of events. */
export function addBinaryRoutes(
  app: FastifyInstance,
  {
    access,
    as,
    pictures,
    uploads,
    events,
  }: { access: Access; as: (user: User) => Mammoflow; pictures: PictureCache; uploads: Uploads; events: Events },
): void {
  app.route({
    method: 'GET',
    url: BINARY_PATHS.pixels[1],
    schema: {
      tags: ['exams'],
      summary: "A view's pixels: little-endian uint16, row after row.",
      params: pixelParams,
      querystring: pixelQuery,
    },
    handler: async (request, reply) => {
      const mammoflow = as(await access.require(request, 'read'));
      const { sha256, level, encoding } = request.query as z.output<typeof pixelQuery>;
      const version = versionOf(request.params as z.output<typeof pixelParams>, sha256);
      if (encoding === 'png') {
        if (level !== 0)
          throw new MammoflowError('invalid-argument', 'The PNG is of level 0 only.', 'Ask for raw or gzip.');
        const file = await mammoflow.pictureFile(version);
        return reply.header('cache-control', FOR_EVER).type('image/png').send(file);
      }
      await mammoflow.requireNotErased(version);
      const key = pictureKey(version.repo, version, level);
      const read = () => mammoflow.picture({ ...version, level });
      return send(reply, await pictures.picture(key, encoding === 'gzip', read));
    },
  });

  app.route({
    method: 'GET',
    url: BINARY_PATHS.heatmap[1],
    schema: {
      tags: ['exams'],
      summary: "One plane of a view's heatmaps: little-endian float32, probability, row after row.",
      params: heatmapParams,
      querystring: heatmapQuery,
    },
    handler: async (request, reply) => {
      const mammoflow = as(await access.require(request, 'read'));
      const { sha256, level, class: name } = request.query as z.output<typeof heatmapQuery>;
      const version = versionOf(request.params as z.output<typeof heatmapParams>, sha256);
      await mammoflow.requireNotErased(version);
      const key = pictureKey(name, version, level);
      const read = () => mammoflow.heatmap({ ...version, class: name, level });
      return send(reply, await pictures.picture(key, true, read));
    },
  });

  app.route({
    method: 'GET',
    url: BINARY_PATHS.file[1],
    schema: {
      tags: ['repos'],
      summary: 'A file of a repo as it was at a state.',
      params: fileParams,
      querystring: fileQuery,
    },
    handler: async (request, reply) => {
      const mammoflow = as(await access.require(request, 'read'));
      const { repo, item } = request.params as z.output<typeof fileParams>;
      const { file, ref } = request.query as z.output<typeof fileQuery>;
      const { entry, stream } = await mammoflow.openFile({ repo, item, file, ref });
      const name = `${item}-${file.split('/').at(-1)}`.replace(/[^A-Za-z0-9._-]/g, '_');
      // Never shown by the browser as a page of ours: it is saved.
      return reply
        .header('content-disposition', `attachment; filename="${name}"`)
        .header('content-length', entry.size)
        .header('x-content-type-options', 'nosniff')
        .header('cache-control', 'private, no-cache')
        .type('application/octet-stream')
        .send(stream);
    },
  });

  app.route({
    method: 'PATCH',
    url: BINARY_PATHS.sendFile[1],
    schema: {
      tags: ['inbox'],
      summary: 'A piece of a file of an upload.',
      params: pieceParams,
      querystring: pieceQuery,
      consumes: ['application/octet-stream'],
    },
    bodyLimit: UPLOAD_LIMITS.pieceBytes,
    onRequest: async (request) => {
      access.requireOwnPage(request);
      await access.require(request, 'operate');
    },
    handler: async (request) => {
      const { upload, exam, file } = request.params as z.output<typeof pieceParams>;
      const { offset } = request.query as z.output<typeof pieceQuery>;
      return { received: await uploads.receive(upload, exam, file, offset, request.body as Readable) };
    },
  });

  app.route({
    method: 'GET',
    url: BINARY_PATHS.events[1],
    schema: { tags: ['session'], summary: 'What changes, as server-sent events.' },
    handler: async (request, reply) => {
      await access.require(request, 'read');
      const id = request.headers['last-event-id'];
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        // Proxies would gather events before they pass them on.
        'x-accel-buffering': 'no',
      });
      const mayGoOn = async (): Promise<boolean> => (await access.userOf(request)) !== undefined;
      if (!events.listen(raw, typeof id === 'string' ? id : undefined, mayGoOn)) raw.end();
    },
  });
}

/** The version that a path and its query name. */
const versionOf = <Place extends { readonly version: string }>({ version, ...place }: Place, sha256: string) => ({
  ...place,
  versionId: version,
  sha256,
});

/** What a plane is, but for how it is packed. `plane` is the repo of a view's pixels, or the class of a heatmap. */
const pictureKey = (plane: string, { exam, view, versionId, sha256 }: ViewVersion, level: number): string =>
  [plane, exam, view, versionId, sha256, level].join('/');

interface Sender {
  header(name: string, value: string | number): Sender;
  type(value: string): Sender;
  send(bytes: Buffer): unknown;
}

function send(reply: Sender, { rows, columns, full, bytes, gzipped }: SentPicture): unknown {
  reply.header('cache-control', FOR_EVER).header(ROWS_HEADER, rows).header(COLUMNS_HEADER, columns);
  reply.header(FULL_ROWS_HEADER, full.rows).header(FULL_COLUMNS_HEADER, full.columns);
  if (gzipped) reply.header('content-encoding', 'gzip');
  return reply.type('application/octet-stream').send(bytes);
}
