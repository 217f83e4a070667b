import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { z } from 'zod';
import { MammoflowError } from '../../pipeline/errors.js';
import { type Role, roleSchema } from '../contract/session.js';

/** Who may use the console. `open`: whoever reaches it, which only this machine can. */
export type AccessSettings =
  | { readonly kind: 'open' }
  | { readonly kind: 'token'; readonly tokens: readonly KnownToken[] }
  | { readonly kind: 'oidc'; readonly issuer: string; readonly audience: string; readonly rolesClaim: string };

/** A token is known by its SHA-256, so that whoever reads the settings cannot use it. */
export interface KnownToken {
  readonly name: string;
  readonly role: Role;
  readonly sha256: string;
  readonly expires?: string | undefined;
}

const tokensSchema = z
  .array(
    z.strictObject({
      name: z.string().min(1).max(200),
      role: roleSchema,
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/, 'expected the SHA-256 of the token as 64 lower-case hexadecimal digits'),
      expires: z.iso.datetime({ offset: true }).optional(),
    }),
  )
  .min(1);

/**
 * Reads who may use the console from the environment: `MAMMOFLOW_CONSOLE_TOKENS` names a file of tokens, and
 * `MAMMOFLOW_OIDC_ISSUER` and `MAMMOFLOW_OIDC_AUDIENCE` an identity provider. Without either it is open.
 *
 * @throws MammoflowError `invalid-configuration` naming the variable.
 */
export async function accessSettings(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<AccessSettings> {
  const {
    MAMMOFLOW_CONSOLE_TOKENS: file,
    MAMMOFLOW_OIDC_ISSUER: issuer,
    MAMMOFLOW_OIDC_AUDIENCE: audience,
  } = environment;
  if (issuer) {
    if (file) throw invalid('MAMMOFLOW_CONSOLE_TOKENS and MAMMOFLOW_OIDC_ISSUER are both set.', 'Choose one of them.');
    if (!audience) {
      throw invalid(
        'MAMMOFLOW_OIDC_AUDIENCE is not set.',
        'Give the client id that tokens for the console are made for.',
      );
    }
    if (!z.url({ protocol: /^https?$/ }).safeParse(issuer).success) {
      throw invalid(
        `MAMMOFLOW_OIDC_ISSUER is ${JSON.stringify(issuer)}, which is no address.`,
        'Give the issuer as it is in tokens.',
      );
    }
    return { kind: 'oidc', issuer, audience, rolesClaim: environment.MAMMOFLOW_OIDC_ROLES_CLAIM || 'roles' };
  }
  if (!file) return { kind: 'open' };
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw invalid(
      `MAMMOFLOW_CONSOLE_TOKENS: ${file} cannot be read (${(cause as Error).message}).`,
      'Name a JSON file.',
    );
  }
  const tokens = tokensSchema.safeParse(value);
  if (tokens.success) return { kind: 'token', tokens: tokens.data };
  const issue = tokens.error.issues[0];
  throw invalid(
    `MAMMOFLOW_CONSOLE_TOKENS: ${file}: ${issue?.path.join('.') || 'it'}: ${issue?.message}.`,
    'See docs/console.md for its form.',
  );
}

const invalid = (message: string, next: string): MammoflowError =>
  new MammoflowError('invalid-configuration', message, next);

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1', '[::1]']);

/** Whether only this machine reaches an address. */
export const isLoopback = (host: string): boolean =>
  LOOPBACK_NAMES.has(host.toLowerCase()) || (isIP(host) === 4 && host.startsWith('127.'));

/**
 * Refuses to listen to the world without asking who is there.
 *
 * @throws MammoflowError `invalid-configuration`.
 */
export function requireGuard(host: string, access: AccessSettings): void {
  if (access.kind !== 'open' || isLoopback(host)) return;
  throw invalid(
    `Listening on ${host} would let everybody in who reaches it.`,
    'Set MAMMOFLOW_CONSOLE_TOKENS or MAMMOFLOW_OIDC_ISSUER (docs/console.md), or listen on 127.0.0.1.',
  );
}

/** The token of that value. Takes as long whichever it is. */
export function findToken(tokens: readonly KnownToken[], value: string): KnownToken | undefined {
  const digest = createHash('sha256').update(value).digest();
  let found: KnownToken | undefined;
  for (const token of tokens) if (timingSafeEqual(digest, Buffer.from(token.sha256, 'hex'))) found = token;
  return found;
}
