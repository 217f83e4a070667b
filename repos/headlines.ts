import pLimit from 'p-limit';
import { z } from 'zod';
import { sha256Schema } from '../pipeline/bundle.js';
import { canonicalJson, type Json } from '../pipeline/canonical-json.js';
import type { StageItem } from '../pipeline/commit.js';
import { LABELS, type LabelProbabilities, PREDICTIONS_JSON, type Predictions } from '../pipeline/predictions.js';
import {
  CHECKING_STAGE_NAMES,
  CHECKING_STAGES,
  type CheckingStage,
  type QualitySummary,
  qualitySummarySchema,
} from '../pipeline/quality-report.js';
import { readDatumRecord } from './datum-records.js';
import { examOfErasure } from './erasures.js';
import { sha256Hex } from './hash.js';
import { damagePrefix, erasuresPrefix, headlineSegmentKey, headlinesPrefix } from './layout.js';
import type { ListedVersion, ObjectStore } from './object-store.js';
import { PREDICTING_STAGE, type ReadPredictions, readPredictions } from './read-predictions.js';

/*
 * What lists show of exams, predictions and warnings, of many exams in few objects, so that a list does not cost a request
 * an exam (docs/decisions/0017):
 *
 *   .mammoflow/headlines/<sha256 of its bytes>.json     up to SEGMENT_ROWS rows [stage, exam, datum, file, headline]
 *
 * A row is a fact that cannot grow old: what a datum says, by datum and by the SHA-256 of the file that it wrote. Which datum
 * counts is asked of the trees. Segments are only ever added, merged and removed, and whatever they lack is read from the
 * files and records themselves, so all of them may be deleted at any time. Nothing of an erased exam is in them: `forget`
 * deletes the segments that have it, and whoever writes looks for erasures afterwards.
 */

/** Some 500 kB of JSON. */
const SEGMENT_ROWS = 3_000;
/** Fewer are read again one by one sooner than a segment is written for them. */
const WORTH_KEEPING = 50;
/** So many files are read one by one before a segment is. */
const ROWS_WORTH_A_SEGMENT = 10;
/** More segments than the rows need plus these are merged. */
const SPARE_SEGMENTS = 12;
const CONCURRENCY = 16;

const probability = z.number().min(0).max(1);
/** In the order of LABELS, to be small. */
const four = z.tuple([probability, probability, probability, probability]);
/** `image` and `imageheatmaps`. */
const numbersSchema = z.tuple([four, four]);
/** Of a datum without that file, the file is ''. */
const place = [z.string(), sha256Schema, z.union([sha256Schema, z.literal('')])] as const;
const rowSchema = z.union([
  z.tuple([z.literal(PREDICTING_STAGE), ...place, numbersSchema]),
  z.tuple([z.enum(CHECKING_STAGE_NAMES), ...place, qualitySummarySchema]),
]);
/** `[stage, exam, datum, SHA-256 of its file, headline]` */
export type HeadlineRow = z.infer<typeof rowSchema>;
type Row = HeadlineRow;
const segmentSchema = z.object({ schemaVersion: z.literal(1), rows: z.array(rowSchema).min(1) });

/** What a stage that looks at pictures made of an exam. */
export interface CheckedItem {
  readonly stage: CheckingStage;
  readonly item: StageItem;
}

/** What such a stage says of an exam in short. */
export type FoundWarnings = { readonly stage: CheckingStage } & (
  | { readonly summary: QualitySummary }
  | { readonly missing: true }
);

export interface HeadlineReader {
  /** The predictions of some datums of `classify`, by exam. A few requests in all, and one for each that no segment has. */
  predictions(items: Iterable<StageItem>): Promise<Map<string, ReadPredictions>>;
  /** The same of the stages that look at pictures, for each exam in the order given. */
  warnings(items: Iterable<CheckedItem>): Promise<Map<string, readonly FoundWarnings[]>>;
  /** Keeps what had to be read one by one for whoever reads next. A bucket that may not be written to stays as it is. */
  keep(): Promise<void>;
  /** Forgets what is in memory of these exams. */
  drop(exams: Iterable<string>): void;
}

/** Opens what segments have. They are loaded as soon as enough is asked for: a page costs what it holds. */
export function openHeadlines(store: ObjectStore): HeadlineReader {
  let listing: Promise<string[]> | undefined;
  let loading: Promise<void> | undefined;
  let asked = 0;
  const rows = new Map<string, Row>();
  const unkept = new Map<string, Row>();
  const limit = pLimit(CONCURRENCY);

  async function prepare(more: number): Promise<void> {
    asked += more;
    if (more === 0) return;
    listing ??= segmentKeys(store);
    const keys = await listing;
    if (keys.length === 0 || keys.length * ROWS_WORTH_A_SEGMENT > asked) return;
    loading ??= (async () => {
      const [segments, damaged] = await Promise.all([readSegments(store, keys), damagedExams(store)]);
      // Where something is known to be damaged, what was read before that says nothing.
      const whole = segments.flatMap((segment) => segment.rows.filter(([, exam]) => !damaged.has(exam)));
      for (const row of whole) rows.set(keyOf(row), row);
    })();
    await loading;
  }

  function remember(row: Row): void {
    rows.set(keyOf(row), row);
    unkept.set(keyOf(row), row);
  }

  async function findPredictions(item: StageItem): Promise<ReadPredictions> {
    const file = fileHash(item, PREDICTIONS_JSON);
    const known = rows.get(rowKey(PREDICTING_STAGE, item, file));
    if (known?.[0] === PREDICTING_STAGE) return { predictions: predictionsOf(item.name, known[4]) };
    const found = await limit(() => readPredictions(store, item.name, item));
    if ('predictions' in found) {
      remember([PREDICTING_STAGE, item.name, item.datum, file, numbersOf(found.predictions)]);
    }
    return found;
  }

  async function findWarnings({ stage, item }: CheckedItem): Promise<FoundWarnings> {
    const path = CHECKING_STAGES[stage];
    const file = fileHash(item, path);
    const known = rows.get(rowKey(stage, item, file));
    if (known !== undefined && known[0] !== PREDICTING_STAGE) return { stage, summary: known[4] };
    const summary = await limit(() => readSummary(store, stage, item, path, qualitySummarySchema));
    if (summary === undefined) return { stage, missing: true };
    remember([stage, item.name, item.datum, file, summary]);
    return { stage, summary };
  }

  return {
    async predictions(items) {
      const list = [...items];
      await prepare(list.length);
      return new Map(await Promise.all(list.map(async (item) => [item.name, await findPredictions(item)] as const)));
    },
    async warnings(items) {
      const list = [...items];
      await prepare(list.length);
      const found = await Promise.all(list.map(findWarnings));
      const byExam = new Map<string, FoundWarnings[]>();
      for (const [index, { item }] of list.entries()) {
        byExam.set(item.name, [...(byExam.get(item.name) ?? []), found[index] as FoundWarnings]);
      }
      return byExam;
    },
    async keep() {
      if (unkept.size < WORTH_KEEPING) return;
      const news = [...unkept.values()];
      unkept.clear();
      try {
        await writeSegments(store, news);
        await mergeSegments(store);
      } catch {
        // They are read one by one again next time.
      }
    },
    drop(exams) {
      const gone = new Set(exams);
      for (const map of [rows, unkept]) for (const [key, [, exam]] of map) if (gone.has(exam)) map.delete(key);
    },
  };
}

/** What a datum's record says in short; undefined where it is gone, or was made again for other bytes than the commit has. */
async function readSummary<T>(
  store: ObjectStore,
  stage: string,
  item: StageItem,
  path: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  const record = await readDatumRecord(store, stage, item.name, item.datum);
  const recorded = record?.files.find((file) => file.path === path)?.sha256 ?? '';
  return recorded === fileHash(item, path) ? schema.safeParse(record?.summary).data : undefined;
}

const fileHash = ({ files }: StageItem, path: string): string => files.find((file) => file.path === path)?.sha256 ?? '';
const rowKey = (stage: string, { name, datum }: Pick<StageItem, 'name' | 'datum'>, file: string): string =>
  `${stage}/${name}/${datum}/${file}`;
const keyOf = ([stage, name, datum, file]: Row): string => rowKey(stage, { name, datum }, file);

type Numbers = z.infer<typeof numbersSchema>;
const numbersOf = ({ image, imageheatmaps }: Predictions): Numbers => {
  const values = (of: LabelProbabilities) => LABELS.map((label) => of[label]) as Numbers[0];
  return [values(image), values(imageheatmaps)];
};

const predictionsOf = (exam: string, [image, imageheatmaps]: Numbers): Predictions => {
  const labelled = (values: Numbers[0]) =>
    Object.fromEntries(LABELS.map((label, index) => [label, values[index]])) as LabelProbabilities;
  return { exam, image: labelled(image), imageheatmaps: labelled(imageheatmaps) };
};

interface Segment {
  readonly key: string;
  readonly rows: readonly Row[];
}

/** Exams of whose results something was found damaged or gone. */
export async function damagedExams(store: ObjectStore): Promise<Set<string>> {
  const exams = new Set<string>();
  for (const repo of [PREDICTING_STAGE, ...CHECKING_STAGE_NAMES]) {
    const prefix = `${damagePrefix}${repo}/`;
    for await (const { key } of store.list(prefix)) exams.add(key.slice(prefix.length).split('/')[0] as string);
  }
  return exams;
}

async function segmentKeys(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(headlinesPrefix)) keys.push(key);
  return keys;
}

/** Segments that are whole: one that is damaged is as good as none. */
async function readSegments(store: ObjectStore, keys: readonly string[]): Promise<Segment[]> {
  const limit = pLimit(CONCURRENCY);
  const segments = await Promise.all(
    keys.map((key) => limit(async () => ({ key, rows: rowsOf(key, (await store.get(key))?.bytes) }))),
  );
  return segments.filter(({ rows }) => rows.length > 0);
}

function rowsOf(key: string, bytes: Uint8Array | undefined): readonly Row[] {
  if (bytes === undefined || headlineSegmentKey(sha256Hex(bytes)) !== key) return [];
  try {
    return segmentSchema.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8'))).data?.rows ?? [];
  } catch {
    return [];
  }
}

/**
 * Writes rows as segments.
 *
 * @returns the keys written. Rows of exams that were ever erased are left out, even if they were put again.
 */
export async function writeSegments(store: ObjectStore, rows: readonly Row[]): Promise<string[]> {
  const erased = await erasedExams(store);
  const sorted = rows
    .filter(([, exam]) => !erased.has(exam))
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0));
  const written: string[] = [];
  for (let start = 0; start < sorted.length; start += SEGMENT_ROWS) {
    const part = sorted.slice(start, start + SEGMENT_ROWS);
    const bytes = Buffer.from(canonicalJson({ schemaVersion: 1, rows: part } as unknown as Json));
    const sha256 = sha256Hex(bytes);
    const key = headlineSegmentKey(sha256);
    await store.put(key, bytes, { sha256, contentType: 'application/json', ifAbsent: true });
    written.push(key);
    // An exam that was erased meanwhile may have been looked for in segments before this one was there.
    const since = await erasedExams(store);
    if (part.some(([, exam]) => since.has(exam))) await removeSegments(store, [key]);
  }
  return written;
}

/** Makes few segments of many small ones. Rows of the same datum are kept once. */
async function mergeSegments(store: ObjectStore): Promise<void> {
  const segments = await readSegments(store, await segmentKeys(store));
  const small = segments.filter(({ rows }) => rows.length < SEGMENT_ROWS);
  if (small.length <= SPARE_SEGMENTS) return;
  const rows = new Map(small.flatMap(({ rows: held }) => held.map((row) => [keyOf(row), row] as const)));
  const written = new Set(await writeSegments(store, [...rows.values()]));
  await removeSegments(
    store,
    small.map(({ key }) => key).filter((key) => !written.has(key)),
  );
}

async function removeSegments(store: ObjectStore, keys: readonly string[]): Promise<void> {
  const versions: ListedVersion[] = [];
  for (const key of keys) for await (const version of store.listVersions(key)) versions.push(version);
  await store.deleteVersions(versions);
}

async function erasedExams(store: ObjectStore): Promise<Set<string>> {
  const exams = new Set<string>();
  for await (const { key } of store.list(erasuresPrefix)) exams.add(examOfErasure(key));
  return exams;
}

/** Versions of segments that have an exam: all of them go when it is erased. */
export async function* segmentsOfExam(store: ObjectStore, exam: string): AsyncGenerator<ListedVersion> {
  for await (const version of store.listVersions(headlinesPrefix)) {
    if (version.deleteMarker) continue;
    const object = await store.get(version.key, version.versionId);
    // What cannot be read may have it.
    const rows = rowsOf(version.key, object?.bytes);
    if (object !== undefined && (rows.length === 0 || rows.some(([, name]) => name === exam))) yield version;
  }
}
