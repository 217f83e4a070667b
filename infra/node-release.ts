/** The oldest releases that mammoflow runs on, those of `engines` in package.json. */
const OLDEST = [
  [20, 19],
  [22, 12],
] as const;

/** The release that is developed on and shipped with. */
export const NODE_TO_USE = 24;

/** Ends of life, from the schedule at https://github.com/nodejs/Release as of November 2026. */
const ENDS: Readonly<Record<number, string>> = {
  20: '2026-04-30',
  22: '2027-04-30',
  24: '2028-04-30',
  26: '2029-04-30',
};

/** What is to be said of a release of Node. */
export type NodeRelease =
  | { readonly state: 'supported' }
  | { readonly state: 'too-old' }
  /** It runs, but gets no fixes any more; the day from which is left out for odd releases, which live half a year. */
  | { readonly state: 'ended'; readonly since?: string };

/** @param version as in `process.versions.node`. */
export function nodeRelease(version: string, now = new Date()): NodeRelease {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const oldest = OLDEST.find(([candidate]) => candidate === major);
  if (oldest === undefined ? major < 22 : minor < oldest[1]) return { state: 'too-old' };
  const end = ENDS[major];
  if (end === undefined) return { state: major % 2 === 1 && major < 27 ? 'ended' : 'supported' };
  return now < new Date(end) ? { state: 'supported' } : { state: 'ended', since: end };
}
