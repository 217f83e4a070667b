import pLimit from 'p-limit';
import { type Commit, OUTCOMES, type OutcomeItem, type StageItem } from '../../pipeline/commit.js';
import { type ErrorCode, MammoflowError } from '../../pipeline/errors.js';
import { type Predictions, VARIANTS, type Variant } from '../../pipeline/predictions.js';
import type { QualityWarning } from '../../pipeline/quality-report.js';
import { checkedItems } from '../../repos/checked-items.js';
import { erasedOn, isErased, readErasure } from '../../repos/erasures.js';
import { type HeadlineReader, openHeadlines } from '../../repos/headlines.js';
import { type Repository, rootOf } from '../../repos/repository.js';
import type { TreeChange } from '../../repos/tree.js';
import { warningsOf } from '../quality-warnings.js';
import { compareHeatmaps, type HeatmapDifference } from './compare-heatmaps.js';
import { byGreatest, distributionsOf, type LabelDistribution, type Movement, movementsOf } from './movements.js';

/** Where one side's results of an exam come from. */
export interface ResultOrigin {
  readonly bundle: string;
  readonly job: string;
  readonly datum: string;
}

/** An exam whose results differ, or were made from something else with the same outcome. */
export interface ExamChange {
  readonly exam: string;
  readonly before: ResultOrigin;
  readonly after: ResultOrigin;
  /** The exam's own files differ too, so the results are not of the same images. */
  readonly filesChanged: boolean;
  /** Its greatest change, with its sign. */
  readonly greatest: number;
  /** What the quality checks warn of on either side; absent when they warn of nothing. */
  readonly warnings?: readonly QualityWarning[];
}

/** An exam that is in both states, with predictions in one of them at most. */
export interface UncomparedExam {
  readonly exam: string;
  /** A sentence for a side without predictions. */
  readonly before?: string;
  readonly after?: string;
}

export interface ComparedState {
  readonly commit: string;
  readonly sequence: number;
  readonly time: string;
}

export interface Comparison {
  readonly before: ComparedState;
  readonly after: ComparedState;
  /** Exams with the same classification in both; they are not opened. */
  readonly equal: number;
  /** Ordered by the greatest change. */
  readonly exams: readonly ExamChange[];
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
  readonly uncompared: readonly UncomparedExam[];
  /** How many of the exams that differ went from which bundle to which. */
  readonly bundles: readonly { readonly before: string; readonly after: string; readonly exams: number }[];
  /** Greatest first. */
  readonly movements: readonly Movement[];
  readonly distributions: readonly LabelDistribution[];
  readonly heatmaps: {
    /** Exams whose heatmaps were made from something else, and those whose heatmaps are the same datum. */
    readonly differ: number;
    readonly equal: number;
    /** Exams whose heatmaps were read, greatest movers first. */
    readonly compared: readonly string[];
    readonly differences: readonly HeatmapDifference[];
    /** Exams whose heatmaps are gone or damaged, with the sentence that says so. */
    readonly unreadable: readonly { readonly exam: string; readonly reason: string }[];
  };
}

export interface CompareOptions {
  readonly threshold?: number;
  readonly variants?: readonly Variant[];
  /** Of how many exams the heatmaps are read: of the greatest movers, or of all that differ. */
  readonly heatmaps?: number | 'all';
  /** Called after each exam whose heatmaps were compared. */
  readonly onHeatmaps?: (done: number, total: number) => void;
}

/** Heatmaps are some tens of megabytes an exam. */
export const DEFAULT_HEATMAPS = 5;
const CONCURRENCY = 16;
const UNREADABLE: ReadonlySet<string> = new Set<ErrorCode>(['missing-object', 'corrupt-data']);

/**
 * How the results that two commits hold differ. Only exams whose items differ are opened: equal subtrees cost nothing.
 * Results count as a commit holds them, also those that were no longer wanted when it was made.
 */
export async function compareResults(
  repository: Repository,
  before: Commit,
  after: Commit,
  { threshold, variants = VARIANTS, heatmaps = DEFAULT_HEATMAPS, onHeatmaps }: CompareOptions = {},
): Promise<Comparison> {
  const [inputs, outcomes, classified, mapped] = await Promise.all([
    byName(repository.inputs.diff(rootOf(before, 'exams'), rootOf(after, 'exams'))),
    byName(repository.outcomes.diff(rootOf(before, OUTCOMES), rootOf(after, OUTCOMES))),
    byName(repository.stages.diff(rootOf(before, 'classify'), rootOf(after, 'classify'))),
    byName(repository.stages.diff(rootOf(before, 'generate_heatmaps'), rootOf(after, 'generate_heatmaps'))),
  ]);
  const onlyBefore = namesOf([...inputs.values()].filter((change) => change.after === undefined));
  const onlyAfter = namesOf([...inputs.values()].filter((change) => change.before === undefined));
  const inOne = new Set([...onlyBefore, ...onlyAfter]);
  const open = [...new Set([...outcomes.keys(), ...classified.keys()])].filter((name) => !inOne.has(name));

  const headlines = openHeadlines(repository.store);
  const sides = await Promise.all([before, after].map((commit) => readSide(repository, headlines, commit, open)));
  await headlines.keep();
  const [left, right] = sides as [Side, Side];
  const exams: ExamChange[] = [];
  const uncompared: UncomparedExam[] = [];
  const movements: Movement[] = [];
  const opened = await repository.stages.getMany(rootOf(before, 'classify'), [...open, ...onlyBefore]);
  let equal = rootOf(before, 'classify').items - opened.size;
  for (const exam of open) {
    const [a, b] = [left(exam), right(exam)];
    if (typeof a === 'string' || typeof b === 'string') {
      uncompared.push({
        exam,
        ...(typeof a === 'string' ? { before: a } : {}),
        ...(typeof b === 'string' ? { after: b } : {}),
      });
    } else if (a.origin.datum === b.origin.datum) {
      equal += 1;
    } else {
      const moved = movementsOf(a.predictions, b.predictions, threshold, variants);
      const greatest = [...moved].sort(byGreatest)[0]?.change ?? 0;
      movements.push(...moved);
      const warnings = distinct([...a.warnings, ...b.warnings]);
      exams.push({
        exam,
        before: a.origin,
        after: b.origin,
        filesChanged: inputs.has(exam),
        greatest,
        ...(warnings.length === 0 ? {} : { warnings }),
      });
    }
  }
  exams.sort((a, b) => Math.abs(b.greatest) - Math.abs(a.greatest) || (a.exam < b.exam ? -1 : 1));
  movements.sort(byGreatest);
  uncompared.sort((a, b) => (a.exam < b.exam ? -1 : 1));

  const pairs = [...mapped.values()].flatMap((change) =>
    change.before === undefined || change.after === undefined || change.before.datum === change.after.datum
      ? []
      : [{ exam: change.name, before: change.before, after: change.after }],
  );
  const order = new Map(exams.map(({ exam }, index) => [exam, index] as const));
  const rank = (exam: string): number => order.get(exam) ?? exams.length;
  pairs.sort((a, b) => rank(a.exam) - rank(b.exam) || (a.exam < b.exam ? -1 : 1));
  const chosen = pairs.slice(0, heatmaps === 'all' ? pairs.length : heatmaps);
  const differences: HeatmapDifference[] = [];
  const unreadable: { exam: string; reason: string }[] = [];
  for (const [index, pair] of chosen.entries()) {
    try {
      differences.push(...(await compareHeatmaps(repository.store, pair.before, pair.after)));
    } catch (error) {
      // One exam that was erased, or that came to harm, must not hide the others.
      if (!(error instanceof MammoflowError) || !UNREADABLE.has(error.code)) throw error;
      unreadable.push({ exam: pair.exam, reason: error.message });
    }
    onHeatmaps?.(index + 1, chosen.length);
  }

  return {
    before: stateOf(before),
    after: stateOf(after),
    equal,
    exams,
    onlyBefore,
    onlyAfter,
    uncompared,
    bundles: bundlesOf(exams),
    movements,
    distributions: distributionsOf(movements),
    heatmaps: {
      differ: pairs.length,
      equal: unchanged(rootOf(before, 'generate_heatmaps').items, mapped),
      compared: chosen.map(({ exam }) => exam),
      differences,
      unreadable,
    },
  };
}

/** An exam's predictions on one side, or the sentence that says why there are none. */
type Side = (exam: string) => SideOfExam | string;

interface SideOfExam {
  readonly predictions: Predictions;
  readonly origin: ResultOrigin;
  readonly warnings: readonly QualityWarning[];
}

async function readSide(
  repository: Repository,
  reader: HeadlineReader,
  commit: Commit,
  exams: readonly string[],
): Promise<Side> {
  const [outcomes, checked, classified] = await Promise.all([
    repository.outcomes.getMany(rootOf(commit, OUTCOMES), exams),
    checkedItems(repository, commit, exams),
    repository.stages.getMany(rootOf(commit, 'classify'), exams),
  ]);
  const processed = [...classified.values()].filter(({ name }) => outcomes.get(name)?.outcome === 'processed');
  const [found, warned] = await Promise.all([reader.predictions(processed), reader.warnings(checked)]);
  const limit = pLimit(CONCURRENCY);
  const read = async (exam: string, outcome: OutcomeItem | undefined, item: StageItem | undefined) => {
    if (outcome === undefined) return 'Not processed yet.';
    if (outcome.outcome === 'failed') return outcome.reason ?? 'It failed.';
    const read = found.get(exam);
    if (item === undefined || read === undefined || 'damage' in read) {
      const erasure = await readErasure(repository.store, exam);
      const erased = erasure !== undefined && item !== undefined && isErased(erasure, item.files);
      if (erased) return erasedOn(erasure);
      return read !== undefined && 'damage' in read ? read.damage : 'Its commit names no predictions.';
    }
    const warnings = warningsOf(warned.get(exam));
    const origin = { bundle: outcome.bundle, job: item.job, datum: item.datum };
    return { predictions: read.predictions, origin, warnings };
  };
  const sides = new Map(
    await Promise.all(
      exams.map((exam) =>
        limit(async () => [exam, await read(exam, outcomes.get(exam), classified.get(exam))] as const),
      ),
    ),
  );
  return (exam) => sides.get(exam) ?? 'Not processed yet.';
}

/** Each warning once, though both sides may have it. */
const distinct = (warnings: readonly QualityWarning[]): QualityWarning[] => [
  ...new Map(warnings.map((warning) => [JSON.stringify(warning), warning])).values(),
];

/** Items that are alike in both trees: those of the first without the ones that were changed or removed. */
function unchanged(items: number, changes: ReadonlyMap<string, TreeChange<StageItem>>): number {
  let touched = 0;
  let sameDatum = 0;
  for (const { before, after } of changes.values()) {
    if (before !== undefined) touched += 1;
    if (before !== undefined && before.datum === after?.datum) sameDatum += 1;
  }
  return items - touched + sameDatum;
}

function bundlesOf(exams: readonly ExamChange[]): Comparison['bundles'] {
  const counts = new Map<string, { before: string; after: string; exams: number }>();
  for (const { before, after } of exams) {
    const key = JSON.stringify([before.bundle, after.bundle]);
    const count = counts.get(key) ?? { before: before.bundle, after: after.bundle, exams: 0 };
    counts.set(key, { ...count, exams: count.exams + 1 });
  }
  return [...counts.values()].sort((a, b) => b.exams - a.exams);
}

const stateOf = ({ id, sequence, time }: Commit): ComparedState => ({ commit: id, sequence, time });

const namesOf = (changes: readonly { name: string }[]): string[] => changes.map(({ name }) => name).sort();

async function byName<T extends { name: string }>(items: AsyncIterable<T>): Promise<Map<string, T>> {
  const map = new Map<string, T>();
  for await (const item of items) map.set(item.name, item);
  return map;
}
