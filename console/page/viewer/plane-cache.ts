import type { Plane } from './plane.js';

type AnyPlane = Plane<Uint16Array> | Plane<Float32Array>;

export interface PlaneCache {
  /**
   * What `key` names, loaded where it is not here. Those who ask meanwhile wait for the same; loading is given up when all of
   * them have.
   *
   * @throws what `load` throws, and the signal's reason when it was given up; neither is kept.
   */
  get<Kept extends AnyPlane>(
    key: string,
    load: (signal: AbortSignal) => Promise<Kept>,
    signal: AbortSignal,
  ): Promise<Kept>;
  /** Forgets everything, e.g. when somebody else signs in. */
  clear(): void;
  readonly bytes: number;
}

interface Waiting {
  readonly promise: Promise<AnyPlane>;
  readonly controller: AbortController;
  askers: number;
}

/** Keeps planes that were asked for lately, as many bytes as `limit`, and always the one that came last. */
export function openPlaneCache(limit: number): PlaneCache {
  // A Map remembers the order in which keys were set: the first is the one that nobody asked for for longest.
  const kept = new Map<string, AnyPlane>();
  const waiting = new Map<string, Waiting>();
  let bytes = 0;
  // What was asked for before a `clear` is not kept after it.
  let era = 0;

  function keep(key: string, plane: AnyPlane): void {
    kept.set(key, plane);
    bytes += plane.values.byteLength;
    for (const [oldest, { values }] of kept) {
      if (bytes <= limit || oldest === key) break;
      kept.delete(oldest);
      bytes -= values.byteLength;
    }
  }

  function start(key: string, load: (signal: AbortSignal) => Promise<AnyPlane>): Waiting {
    const controller = new AbortController();
    const begun = era;
    const promise = load(controller.signal).then(
      (plane) => {
        if (waiting.get(key)?.controller === controller) waiting.delete(key);
        if (begun === era && !kept.has(key)) keep(key, plane);
        return plane;
      },
      (error: unknown) => {
        if (waiting.get(key)?.controller === controller) waiting.delete(key);
        throw error;
      },
    );
    // Whoever waits hears of it; if all have given up, nobody needs to.
    promise.catch(() => undefined);
    const one = { promise, controller, askers: 0 };
    waiting.set(key, one);
    return one;
  }

  return {
    async get<Kept extends AnyPlane>(key: string, load: (signal: AbortSignal) => Promise<Kept>, signal: AbortSignal) {
      signal.throwIfAborted();
      const known = kept.get(key);
      if (known !== undefined) {
        kept.delete(key);
        kept.set(key, known);
        return known as Kept;
      }
      const one = waiting.get(key) ?? start(key, load);
      one.askers += 1;
      return new Promise<Kept>((resolve, reject) => {
        const giveUp = (): void => {
          one.askers -= 1;
          if (one.askers === 0) {
            if (waiting.get(key) === one) waiting.delete(key);
            one.controller.abort(signal.reason);
          }
          reject(signal.reason);
        };
        signal.addEventListener('abort', giveUp, { once: true });
        one.promise
          .then((plane) => resolve(plane as Kept), reject)
          .finally(() => signal.removeEventListener('abort', giveUp));
      }) as Promise<Kept>;
    },
    clear() {
      era += 1;
      kept.clear();
      bytes = 0;
    },
    get bytes() {
      return bytes;
    },
  };
}
