import assert from 'node:assert/strict';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { ApiError } from '../../../console/contract/client.js';
import { CSRF_HEADER, PATHS } from '../../../console/contract/paths.js';
import { type AccessSettings, accessSettings, startConsole } from '../../../console/server/index.js';
import { sha256Hex } from '../../../repos/hash.js';
import { answerOf, openConsole, type TestConsole } from '../../support/consoles.js';
import { openTestSystem, type TestSystem } from '../../support/system.js';

const TOKENS = {
  reader: 'token-of-reader',
  operator: 'token-of-operator',
  chief: 'token-of-chief',
  old: 'token-of-old',
};
const tokenAccess: AccessSettings = {
  kind: 'token',
  tokens: [
    { name: 'reader', role: 'read', sha256: sha256Hex(TOKENS.reader) },
    { name: 'operator', role: 'operate', sha256: sha256Hex(TOKENS.operator) },
    { name: 'chief', role: 'administer', sha256: sha256Hex(TOKENS.chief) },
    { name: 'old', role: 'administer', sha256: sha256Hex(TOKENS.old), expires: '2026-01-01T00:00:00Z' },
  ],
};

/** Asks with another name in the Host header than the address's. */
const askAs = (address: string, host: string, path = '/api/session'): Promise<number> =>
  new Promise((resolve, reject) => {
    request(`${address}${path}`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });

describe('the console: who may do what', () => {
  let system: TestSystem;
  const consoles: TestConsole[] = [];
  const start = async (access: AccessSettings): Promise<TestConsole> => {
    const page = await openConsole(system, { access });
    consoles.push(page);
    return page;
  };
  const refusal = async (asked: Promise<unknown>): Promise<string> => {
    try {
      await asked;
      return 'not refused';
    } catch (error) {
      if (error instanceof ApiError) return `${error.status} ${error.code}`;
      throw error;
    }
  };

  before(async () => {
    system = await openTestSystem();
    await system.session.repository.commitOnto(
      'main',
      { author: 'test', message: 'begin', by: { kind: 'put' } },
      async (roots) => ({ roots }),
    );
  });
  after(async () => {
    await Promise.all(consoles.map((page) => page.close()));
    await system?.close();
  });

  it('listens beyond this machine only with tokens or an identity provider', async () => {
    for (const host of ['0.0.0.0', '::', '192.168.1.5', 'example.org']) {
      await assert.rejects(
        startConsole({
          host,
          port: 0,
          session: system.session,
          bucket: 'b',
          temporal: { namespace: 'default' },
          access: { kind: 'open' },
          uploadFolder: system.folder,
          log: undefined as never,
        }),
        { code: 'invalid-configuration' },
      );
    }
  });

  it('lets whoever reaches an open console in, and no page of another site', async () => {
    const page = await start({ kind: 'open' });
    const { user, access, notice } = await page.client.session();
    assert.deepEqual([user?.role, user?.name, access], ['administer', system.session.author, 'open']);
    assert.match(notice, /Research use only/);
    // Another site's name that was made to lead here.
    assert.equal(await askAs(page.address, 'evil.example'), 403);
    assert.equal(await askAs(page.address, 'localhost:1234'), 200);
    const body = JSON.stringify({ branch: 'forged', ref: 'main' });
    const json = { 'content-type': 'application/json' };
    for (const headers of [
      { [CSRF_HEADER]: '' },
      { [CSRF_HEADER]: 'guessed' },
      { origin: 'https://evil.example' },
    ] as Record<string, string>[]) {
      const response = await page.fetch('/api/branches', { method: 'POST', body, headers: { ...json, ...headers } });
      assert.equal(await refusal(answerOf(response)), '403 csrf', JSON.stringify(headers));
    }
    // The header of one session is of no use with the cookie of another.
    const other = await start({ kind: 'open' });
    const stolen = await fetch(`${page.address}/api/branches`, {
      method: 'POST',
      body,
      headers: { ...json, cookie: other.cookie(), [CSRF_HEADER]: page.csrf() },
    });
    assert.equal(stolen.status, 403);
    assert.deepEqual(
      (await page.client.branches()).items.map(({ branch }) => branch),
      ['main'],
    );
    await page.client.createBranch({ body: { branch: 'mine', ref: 'main' } });
    // TLS that ends in front of the console: the browser's origin has another scheme, and the same host.
    const host = new URL(page.address).host;
    const proxied = await page.fetch('/api/branches', {
      method: 'POST',
      body: JSON.stringify({ branch: 'proxied', ref: 'main' }),
      headers: { ...json, origin: `https://${host}` },
    });
    assert.equal(proxied.status, 200);
  });

  it('keeps the token out of what scripts and addresses can see, and sends strict headers', async () => {
    const page = await start(tokenAccess);
    const response = await page.fetch('/api/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: TOKENS.reader }),
    });
    const [cookie] = response.headers.getSetCookie();
    assert.match(cookie ?? '', /HttpOnly/);
    assert.match(cookie ?? '', /SameSite=Strict/);
    assert.ok(!cookie?.includes(TOKENS.reader));
    const overTls = await page.fetch('/api/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: `https://${new URL(page.address).host}` },
      body: JSON.stringify({ token: TOKENS.reader }),
    });
    assert.match(overTls.headers.getSetCookie()[0] ?? '', /Secure/);
    assert.doesNotMatch(await response.text(), new RegExp(TOKENS.reader));
    const home = await page.fetch('/exams?state=failed');
    const policy = home.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /script-src 'self'(;|$)/);
    assert.doesNotMatch(policy, /unsafe|\*/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.equal(home.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(home.headers.get('referrer-policy'), 'no-referrer');
    const asset = await page.fetch('/assets/..%2f..%2f..%2fpackage.json');
    assert.equal(asset.status, 404);
  });

  it('refuses wrong and expired tokens, and gives each role what it may', async () => {
    const page = await start(tokenAccess);
    assert.equal((await page.client.session()).user, null);
    assert.equal(await refusal(page.client.exams()), '401 unauthenticated');
    assert.equal(await refusal(page.client.signIn({ body: { token: 'guessed' } })), '401 unauthenticated');
    assert.equal(await refusal(page.client.signIn({ body: { token: TOKENS.old } })), '401 token-expired');
    const { user } = await page.client.signIn({ body: { token: TOKENS.reader } });
    assert.deepEqual([user?.name, user?.role], ['reader', 'read']);
    assert.equal((await page.client.branches()).items.length, 3);
    assert.equal(await refusal(page.client.startJob({ body: {} })), '403 forbidden');
    assert.equal(
      await refusal(page.client.beginUpload({ body: { files: [{ exam: 'e', file: 'L_CC.png', size: 1 }] } })),
      '403 forbidden',
    );
    await page.client.signIn({ body: { token: TOKENS.operator } });
    assert.equal(await refusal(page.client.createBranch({ body: { branch: 'x' } })), '403 forbidden');
    assert.equal((await page.client.uploads()).items.length, 0);
    await page.client.signIn({ body: { token: TOKENS.chief } });
    await page.client.setStage({ params: { stage: 'classify' }, body: { parameters: { passes: 3 } } });
    const [commit] = (await page.client.commits()).items;
    assert.equal(commit?.author, 'chief', 'the commit names who did it');
    await page.client.signOut();
    assert.equal(await refusal(page.client.exams()), '401 unauthenticated');
  });

  it('takes a token with each request of a program, which needs no cookie', async () => {
    const page = await start(tokenAccess);
    const ask = (token: string, init: RequestInit = {}) =>
      fetch(`${page.address}/api/branches`, {
        ...init,
        headers: { ...init.headers, authorization: `Bearer ${token}` },
      });
    assert.equal((await ask(TOKENS.reader)).status, 200);
    assert.equal((await ask('guessed')).status, 401);
    const made = await ask(TOKENS.chief, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ branch: 'by-program', ref: 'main' }),
    });
    assert.equal(made.status, 200);
  });

  it('checks JWTs of an identity provider: signature, issuer, audience, expiry and role', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const stranger = await generateKeyPair('ES256');
    const provider: Server = createServer((incoming, response) => {
      const keys = incoming.url === '/keys';
      const jwks = exportJWK(publicKey).then((jwk) => ({ keys: [{ ...jwk, kid: 'k', alg: 'ES256' }] }));
      const configuration = { issuer, jwks_uri: `${issuer}/keys` };
      void (keys ? jwks : Promise.resolve(configuration)).then((answer) => {
        response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
    const issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
    try {
      const settings = await accessSettings({
        MAMMOFLOW_OIDC_ISSUER: issuer,
        MAMMOFLOW_OIDC_AUDIENCE: 'mammoflow',
        MAMMOFLOW_OIDC_ROLES_CLAIM: 'realm_access.roles',
      });
      const page = await start(settings);
      const token = (
        claims: Record<string, unknown> = {},
        { key = privateKey, audience = 'mammoflow', by = issuer, expires = '5 minutes' } = {},
      ): Promise<string> =>
        new SignJWT({ preferred_username: 'ana', realm_access: { roles: ['mammoflow:operate', 'other'] }, ...claims })
          .setProtectedHeader({ alg: 'ES256', kid: 'k' })
          .setSubject('42')
          .setIssuer(by)
          .setAudience(audience)
          .setExpirationTime(expires)
          .sign(key);
      const signIn = async (jwt: string): Promise<unknown> => page.client.signIn({ body: { token: jwt } });
      assert.equal(await refusal(signIn(await token({}, { key: stranger.privateKey }))), '401 unauthenticated');
      assert.equal(await refusal(signIn(await token({}, { audience: 'another' }))), '401 unauthenticated');
      assert.equal(await refusal(signIn(await token({}, { by: 'https://another.example' }))), '401 unauthenticated');
      assert.equal(await refusal(signIn(await token({}, { expires: '-2 minutes' }))), '401 token-expired');
      assert.equal(await refusal(signIn(await token({ realm_access: { roles: ['other'] } }))), '403 forbidden');
      const [, body] = (await token()).split('.');
      const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`;
      assert.equal(await refusal(signIn(unsigned)), '401 unauthenticated');
      await signIn(await token());
      const { user, access } = await page.client.session();
      assert.deepEqual([user?.name, user?.role, access], ['ana', 'operate', 'oidc']);
      assert.ok(Date.parse(user?.expires ?? '') > Date.now());
    } finally {
      provider.close();
    }
  });

  it('says what is wrong with its settings before it starts', async () => {
    await assert.rejects(accessSettings({ MAMMOFLOW_CONSOLE_TOKENS: '/nowhere.json' }), {
      code: 'invalid-configuration',
    });
    await assert.rejects(accessSettings({ MAMMOFLOW_OIDC_ISSUER: 'https://a.example' }), {
      code: 'invalid-configuration',
    });
    await assert.rejects(accessSettings({ MAMMOFLOW_OIDC_ISSUER: 'nonsense', MAMMOFLOW_OIDC_AUDIENCE: 'm' }), {
      code: 'invalid-configuration',
    });
  });

  it('stops whoever guesses tokens, after a few tries a minute', async () => {
    const page = await start(tokenAccess);
    const answers: string[] = [];
    for (let attempt = 0; attempt < 12; attempt += 1) {
      answers.push(await refusal(page.client.signIn({ body: { token: `guess-${attempt}` } })));
    }
    assert.equal(answers.at(-1), '429 too-many-requests');
  });

  it('describes every route in an OpenAPI document, with a page that is all its own', async () => {
    const page = await start({ kind: 'open' });
    const document = await answerOf<{ openapi: string; paths: Record<string, Record<string, unknown>> }>(
      await page.fetch('/api/openapi.json'),
    );
    assert.match(document.openapi, /^3\./);
    for (const [method, path] of Object.values(PATHS)) {
      const described = document.paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
      assert.ok(described !== undefined, `${method} ${path}`);
    }
    const docs = await page.fetch('/api/docs/static/index.html');
    assert.equal(docs.status, 200);
    const policy = docs.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'self'|default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe-eval/);
    const html = await docs.text();
    for (const [, address] of html.matchAll(/(?:src|href)="([^"]+)"/g)) assert.doesNotMatch(address ?? '', /^https?:/);
  });
});
