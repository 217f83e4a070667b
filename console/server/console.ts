import { join } from 'node:path';
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Logger } from 'pino';
import { createMammoflow, type Mammoflow } from '../../api/mammoflow.js';
import type { Session } from '../../api/session.js';
import { packageVersion } from '../../infra/package-root.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { RESEARCH_USE_ONLY } from '../../pipeline/predictions.js';
import type { SessionState } from '../contract/session.js';
import { openAccess, type User } from './access.js';
import { addBinaryRoutes } from './binary-routes.js';
import { addDicomWeb } from './dicom-web.js';
import { openEvents } from './events.js';
import { examHandlers } from './exam-handlers.js';
import { answerOf } from './http-error.js';
import { inboxHandlers } from './inbox-handlers.js';
import { jobHandlers } from './job-handlers.js';
import { addPage } from './page.js';
import { openPictureCache } from './picture-cache.js';
import { repoHandlers } from './repo-handlers.js';
import { addRoutes, type RouteRequest } from './routes.js';
import { type AccessSettings, requireGuard } from './settings.js';
import { temporalLinks } from './temporal-links.js';
import { openUploads } from './uploads.js';

export interface ConsoleOptions {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly session: Session;
  readonly bucket: string;
  readonly temporal: { readonly ui?: string | undefined; readonly namespace: string };
  readonly access: AccessSettings;
  /** Where uploads lie until they are committed. */
  readonly uploadFolder: string;
  /** The commit that this build was made from, where it is known. */
  readonly build?: string | undefined;
  /** The folder of the built page; that of this package unless said. */
  readonly page?: string | undefined;
  readonly log: Logger;
}

export interface RunningConsole {
  /** `http://host:port`. */
  readonly address: string;
  readonly app: FastifyInstance;
  close(): Promise<void>;
}

/** Requests a minute from one address: a page of pictures is some dozens, an upload some thousands. */
const REQUESTS_A_MINUTE = 6_000;
/** Bytes of a request that is no piece of an upload: the names of some thousand files. */
const BODY_BYTES = 1024 * 1024;

/**
 * Serves the console: the page, its API, and the document that describes it.
 *
 * @throws MammoflowError `invalid-configuration` for an address beyond this machine without tokens or an identity provider,
 *   `service-unavailable` when it cannot listen there.
 */
export async function startConsole(options: ConsoleOptions): Promise<RunningConsole> {
  const { host, port, access: settings } = options;
  requireGuard(host, settings);
  const app = await buildConsole(options);
  try {
    const address = await app.listen({ host, port });
    // The first list of a large repo takes a while to work out: better before somebody asks for it.
    createMammoflow(options.session)
      .exams({ limit: 1 })
      .catch(() => undefined);
    return { address, app, close: () => app.close() };
  } catch (cause) {
    await app.close();
    throw new MammoflowError(
      'service-unavailable',
      `The console cannot listen on ${host}:${port}: ${(cause as Error).message}.`,
      'Give another address with --listen host:port.',
      { cause },
    );
  }
}

async function buildConsole(options: ConsoleOptions): Promise<FastifyInstance> {
  const { session, temporal, log } = options;
  const app: FastifyInstance = Fastify({
    loggerInstance: log,
    // What people look at is no business of a log.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_BYTES,
    routerOptions: { maxParamLength: 1_100, ignoreTrailingSlash: false },
    forceCloseConnections: true,
  }) as unknown as FastifyInstance;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply) => {
    const { status, body, unexpected } = answerOf(error);
    if (unexpected) request.log.error({ err: error, url: request.routeOptions.url }, 'a request failed');
    reply.status(status).serializer(JSON.stringify).type('application/json; charset=utf-8').send(body);
  });
  // Pieces of uploads go to disk as they come.
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));

  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'blob:', 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        workerSrc: ["'self'", 'blob:'],
        manifestSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // Whoever serves it over TLS says so there: on this machine there is none.
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  });
  await app.register(cookie);
  await app.register(rateLimit, { max: REQUESTS_A_MINUTE, timeWindow: '1 minute' });
  await app.register(swagger, {
    openapi: {
      info: { title: 'mammoflow console', version: packageVersion(), description: RESEARCH_USE_ONLY },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'A token of the console, or a JWT.' },
        },
      },
    },
    transform: jsonSchemaTransform,
  });
  app.addHook('onRequest', async (request, reply) => {
    // What the API says is for whoever asked, now.
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store');
  });

  const access = openAccess(options.access, session.author);
  const as = (user: User): Mammoflow => createMammoflow(user.name === '' ? session : { ...session, author: user.name });
  const mammoflow = createMammoflow(session);
  const events = openEvents(mammoflow);
  const uploads = openUploads(options.uploadFolder);
  const links = temporalLinks(temporal.ui, temporal.namespace);

  const stateFor = async (
    { request, reply }: Pick<RouteRequest<'session'>, 'request' | 'reply'>,
    signedIn?: User,
  ): Promise<SessionState> => {
    // A token that has expired is no reason to refuse the page on which one signs in again.
    const user = signedIn ?? (await access.userOf(request).catch(unlessForbidden));
    return {
      access: options.access.kind,
      user:
        user === undefined
          ? null
          : {
              name: user.name,
              role: user.role,
              ...(user.expires === undefined ? {} : { expires: new Date(user.expires).toISOString() }),
            },
      csrf: access.csrfOf(request, reply),
      version: packageVersion(),
      build: options.build ?? null,
      bucket: options.bucket,
      temporalUi: links.base,
      notice: RESEARCH_USE_ONLY,
    };
  };

  addRoutes(app, {
    access,
    as,
    handlers: {
      session: (asked) => stateFor(asked),
      signIn: async (asked) => stateFor(asked, await access.signIn(asked.request, asked.reply, asked.body.token)),
      async signOut(asked) {
        access.signOut(asked.request, asked.reply);
        return stateFor(asked);
      },
      async status() {
        const { workers, holds, problems } = await mammoflow.status();
        return {
          ready: problems.length === 0,
          problems: [...problems],
          workers: workers.map((worker) => ({ ...worker, kinds: [...worker.kinds] })),
          holds: [...holds],
        };
      },
      ...examHandlers(links),
      ...jobHandlers(links),
      ...repoHandlers,
      ...inboxHandlers(uploads),
    },
  });
  addBinaryRoutes(app, { access, as, pictures: openPictureCache(), uploads, events });
  await addDicomWeb(app, { access, as, folder: join(options.uploadFolder, 'received') });
  app.get('/api/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  await app.register(swaggerUi, {
    routePrefix: '/api/docs',
    staticCSP: true,
    uiConfig: { supportedSubmitMethods: [] },
  });
  await addPage(app, options.page);
  app.addHook('preClose', () => events.close());
  await app.ready();
  return app;
}

/** Whoever comes by another name than this machine's gets no session either. */
function unlessForbidden(error: unknown): undefined {
  if ((error as { status?: number }).status === 401) return undefined;
  throw error;
}
