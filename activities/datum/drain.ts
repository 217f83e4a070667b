import { handedBack } from '../failures.js';
import type { StageProgress } from '../stage.js';

/**
 * What a worker that was told to end does with the datums it has:
 *
 * ```
 *   told to end                                        end of the grace
 *   │ could not be done within the grace: handed back   │ not done after all: handed back
 *   │ could be done: goes on ───────────────────────────┤
 *   ▼                                                   ▼
 * ```
 *
 * Handing back fails the attempt, with no delay before the next one: another worker starts it at once, instead of after the
 * heartbeat that this one no longer sends.
 */
export interface Drain {
  /** From now on. Calling it again changes nothing. */
  begin(graceMs: number): void;
  /** Follows one datum from where its attempt begins. */
  follow(stage: string): FollowedDatum;
}

export interface FollowedDatum {
  /** Aborted, with the failure as its reason, when the datum is handed back. */
  readonly signal: AbortSignal;
  progress(progress: StageProgress): void;
  /** @param computed whether it was brought about here, so that its time says how long such a datum takes */
  ended(computed: boolean): void;
}

interface UnderWay {
  readonly stage: string;
  readonly since: number;
  readonly abort: AbortController;
  /** Where a count began, by its total: stages of several views may count each for itself. */
  readonly counts: Map<number, { readonly first: number; readonly since: number; done: number; at: number }>;
}

/** How many of the last datums of a stage say how long one takes. */
const REMEMBERED = 5;

/** @param now milliseconds on a clock that only goes forward */
export function createDrain(now: () => number = () => performance.now()): Drain {
  const underWay = new Set<UnderWay>();
  const took = new Map<string, number[]>();
  let endsAt: number | undefined;

  const handBack = (datum: UnderWay): void => datum.abort.abort(handedBack(datum.stage));
  const judge = (datum: UnderWay): void => {
    if (endsAt === undefined || datum.abort.signal.aborted) return;
    if (remainingMs(datum, took.get(datum.stage), now()) > endsAt - now()) handBack(datum);
  };
  return {
    begin(graceMs) {
      if (endsAt !== undefined) return;
      endsAt = now() + graceMs;
      for (const datum of underWay) judge(datum);
      setTimeout(() => underWay.forEach(handBack), graceMs).unref();
    },
    follow(stage) {
      const datum: UnderWay = { stage, since: now(), abort: new AbortController(), counts: new Map() };
      underWay.add(datum);
      // A task that came with the last answer of a poll.
      judge(datum);
      return {
        signal: datum.abort.signal,
        progress({ done, total }) {
          const count = datum.counts.get(total);
          if (count === undefined || done < count.done)
            datum.counts.set(total, { first: done, since: now(), done, at: now() });
          else Object.assign(count, { done, at: now() });
          judge(datum);
        },
        ended(computed) {
          underWay.delete(datum);
          if (!computed) return;
          took.set(stage, [...(took.get(stage) ?? []), now() - datum.since].slice(-REMEMBERED));
        },
      };
    },
  };
}

/**
 * How long a datum will take at least, as far as is known: what the last ones of its stage took, and how fast its own counts go.
 * 0 where nothing is known: then it has the grace.
 */
function remainingMs({ since, counts }: UnderWay, took: readonly number[] | undefined, now: number): number {
  const usual = took === undefined ? 0 : took.reduce((sum, ms) => sum + ms, 0) / took.length;
  const byCounts = [...counts].map(([total, { first, since: began, done, at }]) =>
    done > first ? ((total - done) * (at - began)) / (done - first) - (now - at) : 0,
  );
  return Math.max(0, usual - (now - since), ...byCounts);
}
