import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import { MammoflowError } from '../../pipeline/errors.js';
import type { Role } from '../contract/session.js';
import { ROLES } from '../contract/words.js';
import type { User } from './access.js';
import { HttpError } from './http-error.js';
import type { AccessSettings } from './settings.js';

/** Signatures that need the provider's private key: with a shared secret, whoever checks could also sign. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
/** Clocks of provider and console may differ by so many seconds. */
const CLOCK_TOLERANCE = 30;
const DISCOVERY_MS = 10_000;

const configurationSchema = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });

/**
 * Checks JWTs of an identity provider: signature by its published keys, issuer, audience and expiry.
 *
 * Roles are `read`, `operate` and `administer`, alone or behind `mammoflow:`, in the claim that the settings name (a list, or
 * words in one text). The highest counts; who has none is refused.
 */
export function openTokenCheck({
  issuer,
  audience,
  rolesClaim,
}: Extract<AccessSettings, { kind: 'oidc' }>): (token: string) => Promise<User> {
  let keys: Promise<ReturnType<typeof createRemoteJWKSet>> | undefined;
  const discovered = (): NonNullable<typeof keys> => {
    keys ??= discover(issuer);
    keys.catch(() => {
      keys = undefined;
    });
    return keys;
  };
  return async (token) => {
    const keySet = await discovered();
    let payload: JWTPayload;
    try {
      ({ payload } = await jwtVerify(token, keySet, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE,
        requiredClaims: ['exp', 'sub'],
      }));
    } catch (error) {
      throw refusal(error, issuer);
    }
    const name = [payload.preferred_username, payload.email, payload.sub].find(
      (value) => typeof value === 'string',
    ) as string;
    const role = roleOf(claimAt(payload, rolesClaim));
    if (role === undefined) {
      throw new HttpError(
        403,
        'forbidden',
        `${name} has no role for this console.`,
        `The claim ${rolesClaim} has to say ${ROLES.join(', ')}.`,
      );
    }
    return { name, role, expires: (payload.exp as number) * 1_000 };
  };
}

/** Where the provider's keys are, as OpenID Connect Discovery 1.0 says. */
async function discover(issuer: string): Promise<ReturnType<typeof createRemoteJWKSet>> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(DISCOVERY_MS), redirect: 'error' });
    const configuration = configurationSchema.parse(await answer.json());
    if (configuration.issuer !== issuer) throw new Error(`it calls itself ${configuration.issuer}`);
    return createRemoteJWKSet(new URL(configuration.jwks_uri));
  } catch (cause) {
    throw new MammoflowError(
      'service-unavailable',
      `The identity provider ${issuer} does not say where its keys are (${(cause as Error).message}).`,
      'Try again, or correct MAMMOFLOW_OIDC_ISSUER.',
      { cause },
    );
  }
}

function refusal(error: unknown, issuer: string): Error {
  if (error instanceof errors.JWTExpired) {
    return new HttpError(401, 'token-expired', 'The token has expired.', 'Sign in with a new one.');
  }
  if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) {
    return new MammoflowError('service-unavailable', `The keys of ${issuer} cannot be fetched.`, 'Try again.', {
      cause: error,
    });
  }
  return new HttpError(
    401,
    'unauthenticated',
    `The token is not valid here: ${error.message}.`,
    'Sign in with another one.',
  );
}

/** A claim by its name, with dots for one inside another (`realm_access.roles`). */
function claimAt(payload: JWTPayload, path: string): unknown {
  if (path in payload) return payload[path];
  return path
    .split('.')
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], payload);
}

function roleOf(claim: unknown): Role | undefined {
  const words = (Array.isArray(claim) ? claim : typeof claim === 'string' ? claim.split(/[\s,]+/) : []).map(String);
  return ROLES.findLast((role) => words.includes(role) || words.includes(`mammoflow:${role}`));
}
