import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { CSRF_HEADER } from '../contract/paths.js';
import type { Role } from '../contract/session.js';
import { ROLES } from '../contract/words.js';
import { HttpError } from './http-error.js';
import { openTokenCheck } from './oidc.js';
import { type AccessSettings, findToken, isLoopback } from './settings.js';

/** Who asks. */
export interface User {
  readonly name: string;
  readonly role: Role;
  /** When they have to sign in again, in milliseconds. */
  readonly expires?: number;
}

export interface Access {
  /** Who sends a request; undefined for nobody. @throws HttpError 401 for a token that is wrong or has expired. */
  userOf(request: FastifyRequest): Promise<User | undefined>;
  /**
   * Lets a request pass.
   *
   * @throws HttpError 401, or 403 for somebody who may not, or for a change that did not come from our own page.
   */
  require(request: FastifyRequest, role: Role): Promise<User>;
  /**
   * Lets a request of a program pass, which sends its token with it: as a bearer, or as the password of Basic authentication.
   * Sessions of browsers do not count, so that no page can make use of one.
   *
   * @throws HttpError 401, or 403 for somebody who may not.
   */
  requireProgram(request: FastifyRequest, role: Role): Promise<User>;
  /** Changes may only come from our own page. @throws HttpError 403. */
  requireOwnPage(request: FastifyRequest): void;
  /** Begins a session for whoever has this token. @throws HttpError 401. */
  signIn(request: FastifyRequest, reply: FastifyReply, token: string): Promise<User>;
  signOut(request: FastifyRequest, reply: FastifyReply): void;
  /** What this browser repeats in the header of changes; begins a session where there is none. */
  csrfOf(request: FastifyRequest, reply: FastifyReply): string;
}

const COOKIE = 'mammoflow_session';
/** Sessions that are remembered at once, and how long without a request. */
const SESSIONS = 10_000;
const SESSION_MS = 12 * 3_600_000;

interface SessionRecord {
  user: User | undefined;
}

/**
 * Who may do what. A browser has a session in a cookie that its scripts cannot read and other sites cannot send; programs send
 * a token with every request. Sessions live in memory: after a restart people sign in again.
 *
 * @param localUser whoever reaches an open console.
 */
export function openAccess(settings: AccessSettings, localUser: string): Access {
  const key = randomBytes(32);
  const sessions = new LRUCache<string, SessionRecord>({ max: SESSIONS, ttl: SESSION_MS, updateAgeOnGet: true });
  const checkToken = settings.kind === 'oidc' ? openTokenCheck(settings) : undefined;
  const csrfFor = (id: string): string => createHmac('sha256', key).update(id).digest('base64url');

  async function userOfToken(token: string): Promise<User> {
    if (checkToken !== undefined) return checkToken(token);
    const known = settings.kind === 'token' ? findToken(settings.tokens, token) : undefined;
    if (known === undefined)
      throw new HttpError(
        401,
        'unauthenticated',
        'That token is not known here.',
        'Ask whoever runs the console for one.',
      );
    const { name, role, expires } = known;
    return unlessExpired({ name, role, ...(expires === undefined ? {} : { expires: Date.parse(expires) }) });
  }

  const sessionOf = (request: FastifyRequest): { id: string; record: SessionRecord } | undefined => {
    const id = request.cookies[COOKIE];
    const record = id === undefined ? undefined : sessions.get(id);
    return id === undefined || record === undefined ? undefined : { id, record };
  };

  function begin(request: FastifyRequest, reply: FastifyReply, user: User | undefined): string {
    const id = randomBytes(32).toString('base64url');
    sessions.set(id, { user });
    reply.setCookie(COOKIE, id, {
      path: '/',
      httpOnly: true,
      sameSite: 'strict',
      secure: isOverTls(request),
    });
    return id;
  }

  const access: Access = {
    async userOf(request) {
      const bearer = bearerOf(request);
      if (settings.kind === 'open') {
        requireLocalName(request);
        return { name: localUser, role: 'administer' };
      }
      if (bearer !== undefined) return userOfToken(bearer);
      const session = sessionOf(request);
      if (session?.record.user === undefined) return undefined;
      const { user } = session.record;
      if (hasExpired(user)) session.record.user = undefined;
      return unlessExpired(user);
    },

    async require(request, role) {
      const user = await access.userOf(request);
      if (user === undefined)
        throw new HttpError(401, 'unauthenticated', 'Nobody is signed in.', 'Sign in with a token.');
      return requireRole(user, role);
    },

    async requireProgram(request, role) {
      const { origin } = request.headers;
      if (settings.kind === 'open' && origin === undefined) return access.require(request, role);
      const token = bearerOf(request) ?? passwordOf(request);
      if (settings.kind === 'open' || token === undefined) {
        throw new HttpError(401, 'unauthenticated', 'There is no token with this request.', 'Send one as a bearer.');
      }
      return requireRole(await userOfToken(token), role);
    },

    requireOwnPage(request) {
      // A program that sends its token with each request has no cookie that another site could make use of.
      if (settings.kind !== 'open' && bearerOf(request) !== undefined) return;
      const { origin } = request.headers;
      const foreign = origin !== undefined && hostOf(origin) !== request.host;
      const session = sessionOf(request);
      const sent = request.headers[CSRF_HEADER];
      if (!foreign && session !== undefined && typeof sent === 'string' && equal(sent, csrfFor(session.id))) return;
      throw new HttpError(
        403,
        'csrf',
        'This change did not come from the page of this console.',
        'Load the page again and repeat it.',
      );
    },

    async signIn(request, reply, token) {
      if (settings.kind === 'open') return { name: localUser, role: 'administer' };
      const user = await userOfToken(token.trim());
      const before = sessionOf(request);
      if (before !== undefined) sessions.delete(before.id);
      // The reply's session is the one that it says the csrf of.
      request.cookies[COOKIE] = begin(request, reply, user);
      return user;
    },

    signOut(request, reply) {
      const session = sessionOf(request);
      if (session !== undefined) sessions.delete(session.id);
      request.cookies[COOKIE] = begin(request, reply, undefined);
    },

    csrfOf(request, reply) {
      const id = sessionOf(request)?.id ?? begin(request, reply, undefined);
      return csrfFor(id);
    },
  };
  return access;
}

/** @throws HttpError 403. */
function requireRole(user: User, role: Role): User {
  if (ROLES.indexOf(user.role) >= ROLES.indexOf(role)) return user;
  throw new HttpError(
    403,
    'forbidden',
    `${user.name} may ${user.role}, and this needs the role ${role}.`,
    'Ask whoever runs the console.',
  );
}

/** What many archives can be given alone. Whose name is before it does not matter. */
function passwordOf({ headers }: FastifyRequest): string | undefined {
  const pair = /^Basic (\S+)$/i.exec(headers.authorization ?? '')?.[1];
  return pair && /:(.+)$/s.exec(Buffer.from(pair, 'base64').toString('utf8'))?.[1];
}

function bearerOf({ headers }: FastifyRequest): string | undefined {
  return /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
}

/** The host and port of an origin. Its scheme tells nothing: TLS may end in front of the console. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/** Whether the browser speaks TLS, be it to a proxy in front: it says so when it signs in. */
const isOverTls = ({ protocol, headers }: FastifyRequest): boolean =>
  protocol === 'https' || headers.origin?.startsWith('https://') === true;

const hasExpired = ({ expires }: User): boolean => expires !== undefined && expires <= Date.now();

/** @throws HttpError 401. */
function unlessExpired(user: User): User {
  if (!hasExpired(user)) return user;
  throw new HttpError(401, 'token-expired', `The token of ${user.name} has expired.`, 'Sign in with a new one.');
}

/** Another site's name may be made to lead here (DNS rebinding); its page would be our own as far as a browser can tell. */
function requireLocalName({ hostname }: FastifyRequest): void {
  if (isLoopback(hostname)) return;
  throw new HttpError(
    403,
    'forbidden',
    `This console is not called ${hostname}.`,
    'Open it as localhost or 127.0.0.1.',
  );
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
