import { LRUCache } from 'lru-cache';

/** Says of each request whether its sender may have it answered now. */
export interface RateLimit {
  allows(sender: string): boolean;
}

/** Senders beyond these are forgotten, the one first that was quiet for longest: memory does not grow with addresses. */
const MOST_SENDERS = 10_000;

/** A token bucket a sender: `perSecond` in the long run, `burst` at once. */
export function rateLimit(options: {
  readonly perSecond: number;
  readonly burst: number;
  /** In milliseconds. */
  readonly now?: () => number;
}): RateLimit {
  const { perSecond, burst, now = () => performance.now() } = options;
  const senders = new LRUCache<string, { left: number; at: number }>({ max: MOST_SENDERS });
  return {
    allows(sender) {
      const at = now();
      const bucket = senders.get(sender) ?? { left: burst, at };
      const left = Math.min(burst, bucket.left + ((at - bucket.at) / 1000) * perSecond);
      const allowed = left >= 1;
      senders.set(sender, { left: allowed ? left - 1 : left, at });
      return allowed;
    },
  };
}
