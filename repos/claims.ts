import type { Json } from '../pipeline/canonical-json.js';
import { type Claim, type Claimant, claimSchema } from '../pipeline/claim.js';
import { writeJson } from './json-objects.js';
import { claimKey } from './layout.js';
import type { ObjectStore, ObjectVersion } from './object-store.js';

/** The datum that is claimed. */
export interface ClaimedDatum {
  readonly stage: string;
  readonly exam: string;
  readonly key: string;
}

/** A claim that is ours until it is released. */
export interface HeldClaim {
  /** Leaves nothing behind. Never throws: a claim that stays is over with its lease. */
  release(): Promise<void>;
}

/** When a claim is renewed, and after how long without that it is anybody's. By the bucket's clock, as are its times. */
export interface Lease {
  readonly renewMs: number;
  readonly lostAfterMs: number;
}
const LEASE: Lease = { renewMs: 15_000, lostAfterMs: 60_000 };

/**
 * Claims a datum for whoever is about to compute it:
 *
 * ```
 *   nothing there ─► put if absent ─► ours
 *   somebody's    ─► renewed lately ─► theirs: the claim is returned
 *                    not renewed, or of the same owner ─► put if unchanged ─► ours
 * ```
 *
 * It saves work and guards nothing: two that compute the same write the same record, of which the first stays. So a
 * claim that is lost while its holder still works does no harm.
 *
 * @returns ours, or the claim of whoever is at it.
 */
export async function claimDatum(
  store: ObjectStore,
  datum: ClaimedDatum,
  claimant: Claimant,
  lease = LEASE,
): Promise<{ readonly held: HeldClaim } | { readonly by: Claim }> {
  const key = claimKey(datum.exam, datum.stage, datum.key);
  const now = (): string => new Date(store.serverTime()).toISOString();
  const since = now();
  const write = (condition: { ifAbsent: true } | { ifMatch: string }): Promise<ObjectVersion | undefined> =>
    writeJson(store, key, { schemaVersion: 1, ...claimant, since, renewed: now() } satisfies Claim as Json, condition);

  for (;;) {
    const fresh = await write({ ifAbsent: true });
    if (fresh !== undefined) return { held: hold(store, fresh, write, lease) };
    const there = await store.get(key);
    if (there === undefined) continue;
    const claim = claimIn(there.bytes);
    const isOver = claim === undefined || store.serverTime() - Date.parse(claim.renewed) > lease.lostAfterMs;
    if (!isOver && claim.owner !== claimant.owner) return { by: claim };
    const taken = await write({ ifMatch: there.etag });
    if (taken === undefined) continue;
    await store.deleteVersions([{ key, versionId: there.versionId }]);
    return { held: hold(store, taken, write, lease) };
  }
}

/** Renews a claim until it is released, or was taken over by somebody who had heard nothing for too long. */
function hold(
  store: ObjectStore,
  first: ObjectVersion,
  write: (condition: { ifMatch: string }) => Promise<ObjectVersion | undefined>,
  lease: Lease,
): HeldClaim {
  let version = first;
  let renewing: Promise<void> | undefined;
  const renew = async (): Promise<void> => {
    const next = await write({ ifMatch: version.etag });
    if (next === undefined) return clearInterval(timer);
    const before = version;
    version = next;
    await store.deleteVersions([before]);
  };
  const timer = setInterval(() => {
    // One that fails is followed by others before the lease is over.
    renewing ??= renew()
      .catch(() => undefined)
      .finally(() => {
        renewing = undefined;
      });
  }, lease.renewMs);
  return {
    async release() {
      clearInterval(timer);
      await renewing;
      await store.deleteVersions([version]).catch(() => undefined);
    },
  };
}

/** Undefined for what nobody can read: it is nobody's. */
function claimIn(bytes: Uint8Array): Claim | undefined {
  try {
    return claimSchema.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
