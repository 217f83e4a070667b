import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { type Commit, DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { isExamItem } from '../../pipeline/dicom-inbox.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { LABELS, type Label, type LabelProbabilities, type Variant } from '../../pipeline/predictions.js';
import type { QualityWarning } from '../../pipeline/quality-report.js';
import type { WaitingItem } from '../../pipeline/take-in.js';
import { openHeadlines } from '../../repos/headlines.js';
import type { Repository } from '../../repos/repository.js';
import { type ExamIndex, type ExamIndexes, type IndexedExam, openExamIndexes } from '../exams/exam-index.js';
import { type RunningExam, runningExams } from '../exams/running-exams.js';
import { warningsOf } from '../quality-warnings.js';
import { isBranchHead, resolveState } from '../resolve-state.js';
import type { Session } from '../session.js';
import { inbox } from './inbox.js';

/**
 * `incomplete`: lies in the inbox and waits for a view. `arriving`: complete there, about to be taken in. `refused`: lies
 * there and cannot be taken. `queued`: committed, nobody has begun. `running`: at a stage. `done`. `failed`. `stale`: has
 * results, and something newer is wanted. `damaged`: its results are not what was committed. `erased`.
 */
export type ExamStateName =
  | 'incomplete'
  | 'arriving'
  | 'refused'
  | 'queued'
  | 'running'
  | 'done'
  | 'failed'
  | 'stale'
  | 'damaged'
  | 'erased';

/** A line of the list of exams. */
export interface ExamLine {
  readonly exam: string;
  readonly state: ExamStateName;
  /** Why, in one sentence, for every state but `done` and `running`. */
  readonly reason?: string;
  readonly stage?: string;
  /** Sequence of the commit in which its files last changed; null for one that only lies in the inbox. */
  readonly since: number | null;
  /** When that was, or when it came into the inbox; null where the commit is too far back to look for. */
  readonly arrived: string | null;
  readonly bundle: string | null;
  readonly job: string | null;
  readonly image: LabelProbabilities | null;
  readonly imageheatmaps: LabelProbabilities | null;
  readonly notice?: string;
  readonly warnings: readonly QualityWarning[];
}

export type ExamOrder = 'newest' | 'oldest' | 'failed' | 'exam' | 'highest' | 'lowest';

export interface ExamsOptions {
  /** A commit, a branch, `branch~n`, or a job that has ended; `main` unless said. */
  readonly ref?: string;
  /** Only exams whose results that job made. */
  readonly job?: string | undefined;
  /** Part of the id, whatever its case. */
  readonly search?: string | undefined;
  readonly states?: readonly ExamStateName[] | undefined;
  readonly bundle?: string | undefined;
  /** Only exams whose probability of `label` is at or above this. */
  readonly threshold?: number | undefined;
  /** The highest of all four unless said. */
  readonly label?: Label | undefined;
  readonly variant?: Variant;
  readonly sort?: ExamOrder;
  readonly limit?: number;
  /** `next` of the page before. */
  readonly after?: string | undefined;
  /** The row that the page begins with, from 0, unless `after` says. */
  readonly at?: number | undefined;
}

export interface ExamsPage {
  /** Null while nothing is committed. */
  readonly commit: Commit | null;
  readonly items: readonly ExamLine[];
  readonly total: number;
  /** By state, of all that the filter leaves but for `states`. */
  readonly counts: Readonly<Partial<Record<ExamStateName, number>>>;
  readonly bundles: readonly string[];
  readonly next?: string;
}

/**
 * A page of exams, filtered and sorted. Answered from a projection in memory that is brought up to the state first, so a page
 * costs what changed since the last one, and nothing on it is old.
 *
 * @throws MammoflowError `unknown-reference` for a state that is not there, `invalid-argument` for an `after` of another sort.
 * @example
 * const { items, total, next } = await mammoflow.exams({ states: ['failed'], limit: 50 });
 */
export async function exams(session: Session, options: ExamsOptions = {}): Promise<ExamsPage> {
  const { ref = DEFAULT_BRANCH, limit = 100 } = options;
  const view = await viewOf(session, ref);
  const { rows, counts } = selected(view, options);
  const start = options.after === undefined ? (options.at ?? 0) : firstAfter(rows, options, options.after);
  const items = await withArrival(session.repository, view.index?.commit, rows.slice(start, start + limit));
  const last = rows[start + limit - 1];
  return {
    commit: view.index?.commit ?? null,
    items,
    total: rows.length,
    counts,
    bundles: view.bundles,
    ...(last === undefined || start + limit >= rows.length ? {} : { next: cursorOf(last, options) }),
  };
}

/**
 * One line of that list.
 *
 * @throws MammoflowError `not-found` when there is no such exam, `unknown-reference` for a state that is not there.
 * @example
 * const { state, reason } = await mammoflow.examLine({ exam: 'exam-17' });
 */
export async function examLine(
  session: Session,
  { exam, ref = DEFAULT_BRANCH }: { exam: string; ref?: string },
): Promise<ExamLine> {
  const view = await viewOf(session, ref);
  const row = view.byName.get(exam);
  if (row === undefined) {
    throw new MammoflowError('not-found', `There is no exam ${exam} at ${ref}.`, 'See `mammoflow ls exams`.');
  }
  return (await withArrival(session.repository, view.index?.commit, [row]))[0] as ExamLine;
}

/** A stretch of commits whose new and changed exams use a bundle. */
export interface EraInUse {
  readonly bundle: string;
  readonly fromSequence: number;
  /** When it began, ISO 8601; null where the commit is too far back to look for. */
  readonly since: string | null;
  /** Exams that it applies to. */
  readonly exams: number;
}

/**
 * Which bundles apply to how many exams of a state, and since when. As `models` has them, in the order in which they began.
 *
 * @throws MammoflowError `unknown-reference` for a state that is not there.
 * @example
 * for (const { bundle, exams } of await mammoflow.bundlesInUse()) console.log(bundle, exams);
 */
export async function bundlesInUse(
  session: Session,
  { ref = DEFAULT_BRANCH }: { ref?: string } = {},
): Promise<EraInUse[]> {
  const { index } = await viewOf(session, ref);
  if (index === undefined) return [];
  const { eras } = index.wants.document;
  const counts = new Map<(typeof eras)[number], number>(eras.map((era) => [era, 0]));
  for (const { exam, since } of index.exams.values()) {
    if (eras.length === 0) break;
    const era = index.wants.eraOf({ name: exam, files: [], since });
    counts.set(era, (counts.get(era) ?? 0) + 1);
  }
  const times = await timesOf(session.repository, index.commit, new Set(eras.map(({ fromSequence }) => fromSequence)));
  return eras.map((era, position) => ({
    bundle: era.bundle,
    // The first era also serves exams that are older than it.
    fromSequence: position === 0 ? 0 : era.fromSequence,
    since: times.get(era.fromSequence) ?? null,
    exams: counts.get(era) ?? 0,
  }));
}

/** All lines of a state, and what was worked out from them already. */
interface ExamsView {
  readonly index: ExamIndex | undefined;
  readonly byName: ReadonlyMap<string, ExamLine>;
  readonly bundles: readonly string[];
  readonly orders: LRUCache<string, readonly ExamLine[]>;
  readonly selections: LRUCache<string, Selection>;
}
interface Selection {
  readonly rows: readonly ExamLine[];
  readonly counts: ExamsPage['counts'];
}

/** What is kept of a repository between one page and the next. */
interface Kept {
  readonly indexes: ExamIndexes;
  readonly views: LRUCache<string, { readonly token: string; readonly view: ExamsView }>;
  /** Commits by id, as far as walking back needs them. */
  readonly commits: LRUCache<string, Pick<Commit, 'sequence' | 'time' | 'parent'>>;
  looked?: { readonly at: number; readonly live: Promise<Live> };
  /** Temporal did not answer, and is not asked again before this time. */
  silentUntil?: number | undefined;
}
interface Live {
  readonly waiting: ReadonlyMap<string, WaitingItem>;
  readonly running: ReadonlyMap<string, RunningExam>;
}

const KEPT = new WeakMap<Repository, Kept>();
/** What lies in the inbox and what runs is looked at this often at most. */
const LOOK_EVERY_MS = 2_000;
/** After Temporal did not answer. */
const SILENT_MS = 20_000;

function keptOf(repository: Repository): Kept {
  const kept = KEPT.get(repository) ?? {
    indexes: openExamIndexes(repository, openHeadlines(repository.store)),
    views: new LRUCache({ max: 6 }),
    commits: new LRUCache({ max: 20_000 }),
  };
  KEPT.set(repository, kept);
  return kept;
}

async function viewOf(session: Session, ref: string): Promise<ExamsView> {
  const { repository } = session;
  const kept = keptOf(repository);
  const live = ref === DEFAULT_BRANCH ? await lookAt(session, kept) : NOTHING_LIVE;
  const nothingYet = ref === DEFAULT_BRANCH && (await repository.head(ref)) === undefined;
  const commit = nothingYet ? undefined : await resolveState(repository, ref);
  const isHead = commit !== undefined && (ref === DEFAULT_BRANCH || (await isBranchHead(repository, commit)));
  const name = commit === undefined ? '' : ref === DEFAULT_BRANCH ? ref : commit.id;
  const index = commit && (await kept.indexes.at(name, commit, await session.stages()));
  const token = JSON.stringify([index?.version, isHead, [...live.waiting.values()], [...live.running]]);
  const known = kept.views.get(name);
  if (known?.token === token) return known.view;
  const byName = new Map<string, ExamLine>();
  for (const indexed of index?.exams.values() ?? []) {
    byName.set(indexed.exam, lineOf(indexed, index as ExamIndex, isHead, live));
  }
  for (const item of live.waiting.values()) if (!byName.has(item.name)) byName.set(item.name, waitingLine(item));
  const bundles = new Set<string>();
  for (const { bundle } of byName.values()) if (bundle !== null) bundles.add(bundle);
  const view: ExamsView = {
    index,
    byName,
    bundles: [...bundles].sort(),
    orders: new LRUCache({ max: 4 }),
    selections: new LRUCache({ max: 12 }),
  };
  kept.views.set(name, { token, view });
  return view;
}

const NOTHING_LIVE: Live = { waiting: new Map(), running: new Map() };

function lookAt(session: Session, kept: Kept): Promise<Live> {
  const now = Date.now();
  if (kept.looked === undefined || now - kept.looked.at > LOOK_EVERY_MS) {
    const live = look(session, kept);
    live.catch(() => delete kept.looked);
    kept.looked = { at: now, live };
  }
  return kept.looked.live;
}

async function look(session: Session, kept: Kept): Promise<Live> {
  const [{ items }, running] = await Promise.all([inbox(session), runningNow(session, kept)]);
  return {
    waiting: new Map(items.filter(isExamItem).map((item) => [item.name, item] as const)),
    running,
  };
}

/** Without Temporal nothing runs that could be told, and nobody is to wait for it to be missed again and again. */
async function runningNow(session: Session, kept: Kept): Promise<Live['running']> {
  if (kept.silentUntil !== undefined && Date.now() < kept.silentUntil) return new Map();
  const running = await Promise.race([
    runningExams(session, DEFAULT_BRANCH).catch(() => undefined),
    sleep(LOOK_EVERY_MS, undefined, { ref: false }),
  ]);
  kept.silentUntil = running === undefined ? Date.now() + SILENT_MS : undefined;
  return running ?? new Map();
}

function waitingLine({ name, state, sentence, since }: WaitingItem): ExamLine {
  const states = { incomplete: 'incomplete', refused: 'refused', ready: 'arriving', settling: 'arriving' } as const;
  return {
    exam: name,
    state: states[state],
    reason: sentence,
    since: null,
    arrived: since,
    bundle: null,
    job: null,
    image: null,
    imageheatmaps: null,
    warnings: [],
  };
}

function lineOf(indexed: IndexedExam, { wants }: ExamIndex, isHead: boolean, { running }: Live): ExamLine {
  const { exam, since, outcome, madeWith, predictions } = indexed;
  const warnings = warningsOf(indexed.warnings);
  const base = { exam, since, arrived: null, image: null, imageheatmaps: null, warnings };
  if (indexed.erased !== undefined) {
    return { ...base, state: 'erased', reason: indexed.erased, bundle: outcome?.bundle ?? null, job: null };
  }
  const none = wants.document.eras.length === 0;
  const era = none ? undefined : wants.eraOf({ name: exam, files: [], since });
  const belongs =
    outcome !== undefined &&
    era !== undefined &&
    madeWith === era.digest &&
    (!isHead || outcome.graph === wants.digestOf({ files: indexed.objects.map((path) => ({ path })) }));
  const at = isHead && !belongs ? running.get(exam) : undefined;
  // What the bundle that made them says of its numbers goes wherever they are shown, wanted or not.
  const said = wants.document.eras.find(({ bundle }) => bundle === outcome?.bundle)?.notice;
  const notice = said === undefined ? {} : { notice: said };
  const shown =
    predictions !== undefined && 'predictions' in predictions
      ? { image: predictions.predictions.image, imageheatmaps: predictions.predictions.imageheatmaps, ...notice }
      : {};
  const origin = { bundle: outcome?.bundle ?? era?.bundle ?? null, job: outcome?.job ?? null };
  if (at !== undefined) {
    const { stage } = at;
    return { ...base, ...shown, ...origin, state: 'running', job: at.job, ...(stage === undefined ? {} : { stage }) };
  }
  if (none) return { ...base, ...origin, state: 'queued', reason: 'No model bundle is in use.' };
  if (outcome === undefined) return { ...base, ...origin, state: 'queued', reason: 'Not processed yet.' };
  if (!belongs) {
    const other = outcome.bundle === era?.bundle ? 'other stages or parameters' : `bundle ${outcome.bundle}`;
    const reason = `Its results were made with ${other} than is wanted now.`;
    return { ...base, ...shown, ...origin, state: 'stale', reason };
  }
  if (outcome.outcome === 'failed') {
    const { stage, reason = 'It failed.' } = outcome;
    return { ...base, ...origin, state: 'failed', reason, ...(stage === undefined ? {} : { stage }) };
  }
  if (predictions === undefined || 'damage' in predictions) {
    const reason = predictions?.damage ?? 'Its commit names no predictions.';
    return { ...base, ...origin, ...notice, state: 'damaged', reason };
  }
  return { ...base, ...shown, ...origin, state: 'done' };
}

function selected(view: ExamsView, options: ExamsOptions): Selection {
  const { job, search, states, bundle, threshold, label, variant, sort } = options;
  const key = JSON.stringify([job, search, states, bundle, threshold, label, variant, sort]);
  const known = view.selections.get(key);
  if (known !== undefined) return known;
  const part = search?.toLowerCase();
  const counts: Partial<Record<ExamStateName, number>> = {};
  const rows: ExamLine[] = [];
  for (const row of ordered(view, options)) {
    if (part !== undefined && part !== '' && !row.exam.toLowerCase().includes(part)) continue;
    if (job !== undefined && row.job !== job) continue;
    if (bundle !== undefined && row.bundle !== bundle) continue;
    if (threshold !== undefined && !((sortedValue(row, options) ?? -1) >= threshold)) continue;
    counts[row.state] = (counts[row.state] ?? 0) + 1;
    if (states === undefined || states.length === 0 || states.includes(row.state)) rows.push(row);
  }
  const selection = { rows, counts };
  view.selections.set(key, selection);
  return selection;
}

/** All lines in an order: sorted once, since a filter leaves the order of the others as it is. */
function ordered(view: ExamsView, options: ExamsOptions): readonly ExamLine[] {
  const { sort = 'newest', label, variant } = options;
  const key = sort === 'highest' || sort === 'lowest' ? JSON.stringify([sort, label, variant]) : sort;
  const known = view.orders.get(key);
  if (known !== undefined) return known;
  const keyed = [...view.byName.values()].map((row) => ({ row, key: keyOf(row, options) }));
  const rows = keyed.sort((a, b) => compareKeys(a.key, b.key)).map(({ row }) => row);
  view.orders.set(key, rows);
  return rows;
}

/** The probability that rows are filtered and sorted by. */
function sortedValue(row: ExamLine, { label, variant = 'imageheatmaps' }: ExamsOptions): number | undefined {
  const values = row[variant];
  if (values === null) return undefined;
  return label === undefined ? Math.max(...LABELS.map((name) => values[name])) : values[label];
}

/** What a row is sorted by: ascending, part by part. It is also where the next page goes on, so it names the row. */
type SortKey = readonly (number | string)[];

const WORST_FIRST: Readonly<Partial<Record<ExamStateName, number>>> = { failed: 0, damaged: 0, refused: 0, stale: 1 };

function keyOf(row: ExamLine, options: ExamsOptions): SortKey {
  const newest = row.since === null ? Number.MIN_SAFE_INTEGER : -row.since;
  const value = sortedValue(row, options);
  switch (options.sort ?? 'newest') {
    case 'newest':
      return [newest, row.exam];
    case 'oldest':
      return [-newest, row.exam];
    case 'failed':
      return [WORST_FIRST[row.state] ?? 2, newest, row.exam];
    case 'exam':
      return [row.exam];
    // Those without predictions come last, whichever way.
    case 'highest':
      return [value === undefined ? 2 : -value, row.exam];
    case 'lowest':
      return [value ?? 2, row.exam];
  }
}

function compareKeys(a: SortKey, b: SortKey): number {
  for (let index = 0; index < a.length; index += 1) {
    const [left, right] = [a[index] as number | string, b[index] as number | string];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

const cursorOf = (row: ExamLine, options: ExamsOptions): string =>
  Buffer.from(JSON.stringify([options.sort ?? 'newest', ...keyOf(row, options)])).toString('base64url');

/** The place of the first row behind a cursor, also where that row itself is gone or has moved. */
function firstAfter(rows: readonly ExamLine[], options: ExamsOptions, cursor: string): number {
  const key = parseCursor(cursor, options.sort ?? 'newest');
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareKeys(keyOf(rows[middle] as ExamLine, options), key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function parseCursor(cursor: string, sort: ExamOrder): SortKey {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    value = undefined;
  }
  const isKey = Array.isArray(value) && value.every((part) => typeof part === 'string' || typeof part === 'number');
  if (isKey && (value as SortKey)[0] === sort && (value as SortKey).length > 1) return (value as SortKey).slice(1);
  throw new MammoflowError('invalid-argument', 'That is no place in this list.', 'Begin with its first page.');
}

/** Commits that are walked back in search of the time of one. */
const FARTHEST = 2_000;

/** Fills in when exams arrived. */
async function withArrival(
  repository: Repository,
  commit: Commit | undefined,
  rows: readonly ExamLine[],
): Promise<ExamLine[]> {
  const wanted = new Set(rows.flatMap(({ since }) => (since === null ? [] : [since])));
  const times = await timesOf(repository, commit, wanted);
  return rows.map((row) => (row.since === null ? row : { ...row, arrived: times.get(row.since) ?? null }));
}

/** When commits behind a state were made, by their sequence. Each commit on the way is read once. */
async function timesOf(
  repository: Repository,
  commit: Commit | undefined,
  wanted: ReadonlySet<number>,
): Promise<Map<number, string>> {
  const { commits } = keptOf(repository);
  const times = new Map<number, string>();
  let at: Pick<Commit, 'sequence' | 'time' | 'parent'> | undefined = commit;
  for (let walked = 0; at !== undefined && times.size < wanted.size && walked < FARTHEST; walked += 1) {
    if (wanted.has(at.sequence)) times.set(at.sequence, at.time);
    const { parent } = at;
    at = parent === null ? undefined : commits.get(parent);
    if (at === undefined && parent !== null) {
      const { sequence, time, parent: before } = await repository.commit(parent);
      at = { sequence, time, parent: before };
      commits.set(parent, at);
    }
  }
  return times;
}
