import { z } from 'zod';
import { LARGEST_CARD, MODEL_CARD_FILE } from '../pipeline/bundle.js';
import type { Commit, InputItem } from '../pipeline/commit.js';
import { type InboxObject, judgeStudy, UNSORTED, unsortedSentence } from '../pipeline/dicom-inbox.js';
import {
  arrivalSentence,
  durationText,
  type ExamArrival,
  type InboxFile,
  judgeExam,
  sinceText,
  timeOf,
} from '../pipeline/inbox.js';
import type { InboxSettings } from '../pipeline/inbox-settings.js';
import { gatherStrayFolders } from '../pipeline/stray-files.js';
import type { InboxReport, WaitingItem } from '../pipeline/take-in.js';
import { type ObjectsInInbox, readObjectsHold, sortOut, strangerName } from '../repos/dicom-inbox.js';
import { fingerprintOf, type InboxItem, listRefusals, readRefusal, walkInbox } from '../repos/inbox.js';
import { inboxKey } from '../repos/layout.js';
import type { ObjectStore } from '../repos/object-store.js';
import { type Repository, rootOf } from '../repos/repository.js';

export interface LookRequest {
  readonly branch: string;
  readonly settings: InboxSettings;
  /** How many items the report names. */
  readonly shown: number;
  /** How many exams are named as ready. */
  readonly batch: number;
  /** How many exams of DICOM objects are; none unless said. */
  readonly studies?: number;
  /** Corrections that the look before saw; without, files count as seen when they were written. */
  readonly seen?: SeenCorrections;
  /** Whether keys of DICOM objects may be told, which others have named and which may say whose they are. */
  readonly keys?: boolean;
  /** The time of the look before, by the S3 server's clock: what became overdue since is new. */
  readonly lastLook?: number;
}

/** By exam: which files of a correction were seen (their fingerprint, shortened), and when they were first. */
export type SeenCorrections = Readonly<Record<string, { readonly files: string; readonly since: number }>>;

/** What a look into the inbox found. */
export interface InboxLook {
  readonly report: InboxReport;
  /** Exams to take in now, at most `batch`. */
  readonly exams: readonly string[];
  /** Bundles to take in now. */
  readonly bundles: readonly string[];
  /** Exams of DICOM objects to take in now, at most `studies` of the request. */
  readonly studies: readonly string[];
  /** More exams are ready than are named. */
  readonly more: boolean;
  /** Corrections that lie there, for the next look, and to take in these very files and no others. */
  readonly seen: SeenCorrections;
  /** Milliseconds until something that lies there is ready or overdue by the mere passing of time. */
  readonly nextLookMs?: number;
  /** Sequence number of the branch's newest commit; -1 when it has none. */
  readonly sequence: number;
  /** The time of this look by the S3 server's clock. */
  readonly time: number;
  /** Became overdue since the look before. */
  readonly newlyOverdue: readonly WaitingItem[];
  /** Refusals of files that lie there no more, as `<repo>/<item>`. */
  readonly outdated: readonly string[];
  /** What is remembered of DICOM objects that lie there no more, by fingerprint. */
  readonly outdatedObjects: readonly string[];
}

/** Exams looked up in the branch's newest commit at once. */
const LOOKUPS = 500;
const STRAY_EXAMPLES = 10;
/** Corrections watched at once; more of them wait for their turn. */
const WATCHED = 200;
const FINGERPRINT_DIGITS = 16;
/** Forgotten in one go: what is left of it is found by the next look. */
const OUTDATED = 200;

/** As much of model.json as says which files to wait for. All of it is checked once they are there. */
const cardSchema = z.object({ files: z.record(z.string(), z.object({ path: z.string(), sha256: z.string() })) });

/**
 * Lists the inbox and judges everything that lies there. Changes nothing. Costs a listing of the inbox, and opens no
 * file but the model.json of bundles.
 */
export async function lookIntoInbox(repository: Repository, request: LookRequest): Promise<InboxLook> {
  const { store } = repository;
  const { branch, settings } = request;
  const head = await repository.head(branch);
  const refusals = await listRefusals(store);
  const stray = { files: 0, examples: [] as string[] };
  const strayFolders = gatherStrayFolders();
  const onStray = (key: string): void => {
    stray.files += 1;
    strayFolders.add(key);
    if (stray.examples.length < STRAY_EXAMPLES) stray.examples.push(key);
  };
  const counts = { ready: 0, settling: 0, incomplete: 0, refused: 0 };
  let overdue = 0;
  let nextLookAt = Number.POSITIVE_INFINITY;
  let kept: { since: number; item: WaitingItem; files: InboxItem }[] = [];
  const newlyOverdue: WaitingItem[] = [];
  const exams: string[] = [];
  const bundles: string[] = [];
  const studies: string[] = [];
  let now = store.serverTime();

  const add = (files: InboxItem, judged: Judged): void => {
    const name = `${files.repo}/${files.name}`;
    let { item } = judged;
    // Settling comes first: whoever replaces a refused file view by view is not told the old reason.
    if (refusals.get(name) === fingerprintOf(files.files)) {
      refusals.delete(name);
      if (item.state === 'ready') item = { ...item, state: 'refused', sentence: '' };
    }
    counts[item.state] += 1;
    if (item.state === 'ready' && files.repo === 'exams' && exams.length < request.batch) exams.push(files.name);
    if (item.state === 'ready' && files.repo === 'models') bundles.push(files.name);
    if (item.state === 'ready' && files.repo === 'dicom' && studies.length < (request.studies ?? 0)) {
      studies.push(files.name);
    }
    if (judged.readyAt !== undefined) nextLookAt = Math.min(nextLookAt, judged.readyAt);
    if (item.state === 'incomplete') {
      const overdueAt = judged.since + settings.reportAfterSeconds * 1_000;
      if (overdueAt > now) nextLookAt = Math.min(nextLookAt, overdueAt);
      else {
        overdue += 1;
        const isNew = request.lastLook === undefined || overdueAt > request.lastLook;
        if (isNew && newlyOverdue.length < request.shown) newlyOverdue.push(item);
      }
    }
    kept.push({ since: judged.since, item, files });
    if (kept.length > 4 * request.shown) kept = oldest(kept, request.shown);
  };

  const before = request.seen ?? {};
  const seen = new Map<string, SeenCorrections[string]>();
  let watched = Object.keys(before).length;
  const judgeExamItem = (item: InboxItem, committed: InputItem | undefined): Judged => {
    const files = shortFingerprint(item.files);
    const earlier = before[item.name];
    const since = earlier?.files === files ? earlier.since : now;
    const judged = examItem(item, committed, now, settings, request.seen === undefined ? 0 : since);
    const isWatched = judged.item.correction && judged.item.state !== 'refused';
    if (isWatched && (earlier !== undefined || watched < WATCHED)) {
      if (earlier === undefined) watched += 1;
      seen.set(item.name, { files, since });
    }
    return judged;
  };

  let unjudged: InboxItem[] = [];
  const judgeUnjudged = async (): Promise<void> => {
    const names = unjudged.map(({ name }) => name);
    const committed = await repository.inputs.getMany(rootOf(head, 'exams'), names);
    now = store.serverTime();
    for (const files of unjudged) add(files, judgeExamItem(files, committed.get(files.name)));
    unjudged = [];
  };
  const objects: InboxFile[] = [];
  for await (const files of walkInbox(store, onStray, (file) => objects.push(file))) {
    if (files.repo === 'exams') {
      unjudged.push(files);
      if (unjudged.length >= LOOKUPS) await judgeUnjudged();
      continue;
    }
    const judged = await bundleItem(repository, head, files, store.serverTime(), settings);
    if (judged === undefined) for (const { path } of files.files) onStray(inboxKey('models', files.name, path));
    else add(files, judged);
  }
  await judgeUnjudged();
  const sorted = await sortOut(store, objects);
  const studied = [...sorted.studies.keys()];
  for (let first = 0; first < studied.length; first += LOOKUPS) {
    const names = studied.slice(first, first + LOOKUPS);
    const committed = await repository.inputs.getMany(rootOf(head, 'exams'), names);
    now = store.serverTime();
    for (const name of names) {
      const lying = sorted.studies.get(name) ?? [];
      add(
        { repo: 'dicom', name, files: lying.map(({ file }) => file) },
        studyItem(name, lying, committed.get(name), now, settings),
      );
    }
  }
  for (const { file, item } of await objectItems(store, sorted, request.keys === true)) {
    add({ repo: 'dicom', name: item.name, files: [file] }, { item, since: file.modified });
  }

  const shown = await Promise.all(
    oldest(kept, request.shown).map(async ({ item, files }) =>
      item.state === 'refused' && item.sentence === ''
        ? { ...item, sentence: (await readRefusal(store, files))?.reason ?? 'Refused.' }
        : item,
    ),
  );
  const time = store.serverTime();
  const folders = strayFolders.list().slice(0, request.shown);
  const strayToo = { ...stray, ...(folders.length > 0 && { folders }) };
  return {
    report: { branch, lookedAt: new Date(time).toISOString(), counts, overdue, items: shown, stray: strayToo },
    exams,
    bundles,
    studies,
    seen: Object.fromEntries(seen),
    more: counts.ready > exams.length + bundles.length + studies.length,
    ...(Number.isFinite(nextLookAt) ? { nextLookMs: Math.max(0, nextLookAt - time) } : {}),
    sequence: head?.sequence ?? -1,
    time,
    newlyOverdue,
    outdated: [...refusals.keys()].slice(0, request.shown),
    outdatedObjects: sorted.outdated.slice(0, OUTDATED),
  };
}

/** Tells one set of uploads of an exam from another, in few characters: looks pass it on in the workflow's history. */
export const shortFingerprint = (files: readonly InboxFile[]): string =>
  fingerprintOf(files).slice(0, FINGERPRINT_DIGITS);

interface Judged {
  readonly item: WaitingItem;
  readonly since: number;
  readonly readyAt?: number;
}

const oldest = <Kept extends { since: number }>(kept: readonly Kept[], count: number): Kept[] =>
  [...kept].sort((a, b) => a.since - b.since).slice(0, count);

function examItem(
  { repo, name, files }: InboxItem,
  committed: InputItem | undefined,
  now: number,
  settings: InboxSettings,
  firstSeen: number,
): Judged {
  const names = committed?.files.map(({ path }) => path) ?? [];
  const arrival: ExamArrival = judgeExam(name, files, names, now, settings, firstSeen);
  const readyAt = arrival.state === 'settling' ? arrival.readyAt : undefined;
  return {
    item: {
      repo,
      name,
      state: arrival.state,
      here: files.map(({ path }) => path),
      missing: arrival.state === 'incomplete' ? arrival.missing : [],
      since: new Date(arrival.since).toISOString(),
      ...(readyAt === undefined ? {} : { readyAt: new Date(readyAt).toISOString() }),
      correction: arrival.correction,
      overdue: arrival.state === 'incomplete' && arrival.overdue,
      ...(arrival.apart === undefined ? {} : { apartSeconds: Math.round(arrival.apart / 1_000) }),
      sentence: arrivalSentence(arrival, now),
    },
    since: arrival.since,
    ...(readyAt === undefined ? {} : { readyAt }),
  };
}

function studyItem(
  name: string,
  objects: readonly InboxObject[],
  committed: InputItem | undefined,
  now: number,
  settings: InboxSettings,
): Judged {
  const paths = committed?.files.map(({ path }) => path) ?? [];
  const { since, ...arrival } = judgeStudy(objects, paths, now, settings);
  return { item: { repo: 'dicom', name, ...arrival, since: new Date(since).toISOString() }, since };
}

/** Objects that are of no study, one by one, and those that nobody has opened, as one item. */
async function objectItems(
  store: ObjectStore,
  { strangers, unsorted }: ObjectsInInbox,
  keys: boolean,
): Promise<{ file: InboxFile; item: WaitingItem }[]> {
  const itemOf = (
    file: InboxFile,
    item: Pick<WaitingItem, 'name' | 'state' | 'sentence'>,
    here: readonly InboxFile[],
  ) => {
    const since = new Date(file.modified).toISOString();
    const paths = keys ? here.map(({ path }) => path) : [];
    return {
      file,
      item: { repo: 'dicom', here: paths, missing: [], since, correction: false, overdue: false, ...item } as const,
    };
  };
  const items = strangers.map(({ file, sorted: { is } }) => {
    const reason = is.kind === 'left-out' ? is.reason : '';
    const sentence = keys ? `${reason} It is ${file.path}.` : reason;
    return itemOf(file, { name: strangerName(file), state: 'refused', sentence }, [file]);
  });
  const [first, ...others] = unsorted;
  if (first === undefined) return items;
  const eldest = others.reduce((a, b) => (b.modified < a.modified ? b : a), first);
  const hold = await readObjectsHold(store);
  const sentence = unsortedSentence(unsorted.length, eldest.modified, store.serverTime(), hold);
  const state = hold === undefined ? 'settling' : 'refused';
  return [...items, itemOf(eldest, { name: UNSORTED, state, sentence }, unsorted.slice(0, STRAY_EXAMPLES))];
}

/** Undefined when the folder holds nothing of a bundle. */
async function bundleItem(
  repository: Repository,
  head: Commit | undefined,
  { name, files }: InboxItem,
  now: number,
  settings: InboxSettings,
): Promise<Judged | undefined> {
  const here = files.map(({ path }) => path);
  const hasCard = here.includes(MODEL_CARD_FILE);
  if (!hasCard && !here.some((path) => path.toLowerCase().endsWith('.onnx'))) return undefined;
  const since = Math.min(...files.map(({ modified }) => modified));
  const readyAt = Math.max(...files.map(timeOf)) + settings.quietSeconds * 1_000;
  const missing = hasCard ? await missingFiles(repository, head, name, here) : [MODEL_CARD_FILE];
  const overdue = now - since >= settings.reportAfterSeconds * 1_000;
  const common = {
    repo: 'models',
    name,
    here,
    missing,
    since: new Date(since).toISOString(),
    correction: false,
  } as const;
  if (missing.length > 0) {
    const sentence = `Waiting for ${missing.join(', ')} since ${sinceText(since, now)}.`;
    return { item: { ...common, state: 'incomplete', overdue, sentence }, since };
  }
  if (readyAt <= now) {
    return {
      item: { ...common, state: 'ready', overdue: false, sentence: 'Complete, and about to be checked.' },
      since,
    };
  }
  const sentence = `Complete; checked and taken in after ${durationText(readyAt - now)} unless more comes.`;
  const item: WaitingItem = {
    ...common,
    state: 'settling',
    readyAt: new Date(readyAt).toISOString(),
    overdue: false,
    sentence,
  };
  return { item, since, readyAt };
}

/** Files that model.json names and that neither lie here nor are committed with the bundle. */
async function missingFiles(
  { store, inputs }: Repository,
  head: Commit | undefined,
  name: string,
  here: readonly string[],
): Promise<string[]> {
  const key = inboxKey('models', name, MODEL_CARD_FILE);
  const size = (await store.head(key))?.size ?? 0;
  const object = size > LARGEST_CARD ? undefined : await store.get(key);
  const card = cardSchema.safeParse(parsed(object?.bytes));
  // What cannot be understood is refused with its reason when the bundle is checked.
  if (!card.success) return [];
  const committed = (await inputs.get(rootOf(head, 'models'), name))?.files ?? [];
  return Object.values(card.data.files).flatMap(({ path, sha256 }) =>
    here.includes(path) || committed.some((file) => file.path === path && file.sha256 === sha256) ? [] : [path],
  );
}

function parsed(bytes: Uint8Array | undefined): unknown {
  try {
    return JSON.parse(Buffer.from(bytes ?? new Uint8Array()).toString('utf8'));
  } catch {
    return undefined;
  }
}
