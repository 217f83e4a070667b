import pLimit from 'p-limit';
import { type Commit, type InputItem, OUTCOMES, type OutcomeItem, type StageItem } from '../../pipeline/commit.js';
import { graphDigest } from '../../pipeline/datum.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { graphFor, isOfObjects } from '../../pipeline/exam-objects.js';
import { type ExamOutcome, type JobSettings, jobSettingsSchema } from '../../pipeline/job.js';
import type { LabelProbabilities } from '../../pipeline/predictions.js';
import { CHECKING_STAGE_NAMES, type QualityWarning } from '../../pipeline/quality-report.js';
import type { StageDeclaration } from '../../pipeline/stage.js';
import { inBatches } from '../../planning/batches.js';
import { wantsOf } from '../../planning/wants.js';
import { checkedItems } from '../../repos/checked-items.js';
import { erasedOn, openErasures } from '../../repos/erasures.js';
import { readJobOutcome } from '../../repos/exam-outcomes.js';
import { sha256Hex } from '../../repos/hash.js';
import { type FoundWarnings, openHeadlines } from '../../repos/headlines.js';
import { readJson } from '../../repos/json-objects.js';
import { jobSettingsKey } from '../../repos/layout.js';
import { PREDICTING_STAGE, type ReadPredictions } from '../../repos/read-predictions.js';
import { type Repository, rootOf } from '../../repos/repository.js';
import { warningsOf } from '../quality-warnings.js';

/** What is known of one exam. Predictions are there for `processed` and `skipped` only. */
export interface ExamResult {
  readonly exam: string;
  /**
   * `skipped` only in the view of one job: the results were there already. `waiting`: none that belong to it yet. An exam
   * that was erased since is `failed`, with that reason. `damaged`: there are results that belong to it, and their file or
   * record is gone or damaged; the next job makes them again.
   */
  readonly outcome: 'processed' | 'skipped' | 'failed' | 'waiting' | 'damaged';
  readonly reason?: string;
  readonly job?: string;
  readonly bundle?: string;
  /** The bundle's notice, e.g. that its weights are random. */
  readonly notice?: string;
  /** What lies of it in the inbox: what that waits for, or why it is refused. */
  readonly inbox?: string;
  readonly image?: LabelProbabilities;
  readonly imageheatmaps?: LabelProbabilities;
  /** What the quality checks warn of; absent when they warn of nothing. */
  readonly warnings?: readonly QualityWarning[];
}

const CONCURRENCY = 16;
/** Exams whose outcomes are read in one go; equal paths of the tree are then read once. */
const AT_ONCE = 200;

/**
 * What is wanted when results are held against it. `now`: the stages that this build would run. `then`: for a commit of
 * the past, the stages that made its results are as good, because a later build cannot know what was wanted of them
 * then. Or the digest of the graph that is wanted.
 */
export type AsOf = 'now' | 'then' | { readonly graph: string };

/** Which exams, and from where on. */
export interface ExamSelection {
  /** Only these, by name; those that the commit does not have are passed over. */
  readonly exams?: readonly string[] | undefined;
  /** Only those that follow this one: in the order of the tree, or by name among `exams`. */
  readonly after?: string | undefined;
}

/**
 * The results at a commit, in the order of its tree (the order of `ls`, and not that of names), so that any number of
 * exams can be gone through or paged. Results made for other files, models or parameters than the commit wants are not
 * shown: such an exam is `waiting`.
 */
export async function* streamResults(
  repository: Repository,
  definitions: readonly StageDeclaration[],
  commit: Commit,
  asOf: AsOf,
  { exams, after }: ExamSelection = {},
): AsyncGenerator<ExamResult> {
  const wants = await wantsOf(repository, definitions, commit);
  const erasureOf = await openErasures(repository.store);
  const headlines = openHeadlines(repository.store);
  const root = rootOf(commit, 'exams');
  const items =
    exams === undefined
      ? repository.inputs.items(root, after)
      : chosenItems(await repository.inputs.getMany(root, exams), after);
  try {
    for await (const results of ahead(inBatches(items, AT_ONCE), resultsOf)) yield* results;
  } finally {
    await headlines.keep();
  }

  async function resultsOf(batch: readonly InputItem[]): Promise<ExamResult[]> {
    const names = batch.map(({ name }) => name);
    const [outcomes, classified, checked] = await Promise.all([
      repository.outcomes.getMany(rootOf(commit, OUTCOMES), names),
      repository.stages.getMany(rootOf(commit, PREDICTING_STAGE), names),
      checkedItems(repository, commit, names),
    ]);
    const states = await Promise.all(batch.map((item) => stateOf(item, outcomes.get(item.name))));
    const processed = new Set(states.filter(({ outcome }) => outcome === 'processed').map(({ exam }) => exam));
    const ofProcessed = (found: ReadonlyMap<string, StageItem>) =>
      [...found.values()].filter(({ name }) => processed.has(name));
    const [predictions, warnings] = await Promise.all([
      headlines.predictions(ofProcessed(classified)),
      headlines.warnings(checked.filter(({ item }) => processed.has(item.name))),
    ]);
    return states.map((state) => withHeadlines(state, predictions.get(state.exam), warnings.get(state.exam)));
  }

  async function stateOf(item: InputItem, outcome: OutcomeItem | undefined): Promise<ExamResult> {
    const exam = item.name;
    const erasure = await erasureOf(item);
    if (erasure !== undefined) {
      // Not `waiting`, because nothing will come.
      const bundle = outcome?.bundle;
      return { exam, outcome: 'failed', reason: erasedOn(erasure), ...(bundle === undefined ? {} : { bundle }) };
    }
    if (wants.document.eras.length === 0) return { exam, outcome: 'waiting', reason: 'No model bundle is in use.' };
    const { bundle, notice } = wants.eraOf(item);
    if (outcome === undefined) return { exam, outcome: 'waiting', reason: 'Not processed yet.', bundle };
    if (outcome.wanted === wants.wantedOf(item, graphWanted(asOf, item, outcome))) return resultOf(outcome, notice);
    const other = outcome.bundle === bundle ? 'other stages or parameters' : `bundle ${outcome.bundle}`;
    return { exam, outcome: 'waiting', reason: `Its results were made with ${other} than is wanted now.`, bundle };
  }
}

/** By name, since the order of the tree shows only to who goes through all of it. */
const chosenItems = (found: ReadonlyMap<string, InputItem>, after: string | undefined): InputItem[] =>
  [...found.values()]
    .filter(({ name }) => after === undefined || name > after)
    .sort((a, b) => (a.name < b.name ? -1 : 1));

/** Works on the next value while the one before is consumed. */
async function* ahead<T, R>(values: AsyncIterable<T>, work: (value: T) => Promise<R>): AsyncGenerator<R> {
  let pending: Promise<R> | undefined;
  for await (const value of values) {
    const next = work(value);
    // It is awaited, and fails, in its turn.
    next.catch(() => undefined);
    if (pending !== undefined) yield await pending;
    pending = next;
  }
  if (pending !== undefined) yield await pending;
}

/** The results at a commit, ordered by exam id. For a repo of any size there is {@link streamResults}. */
export async function listResults(
  repository: Repository,
  definitions: readonly StageDeclaration[],
  commit: Commit,
  asOf: AsOf = 'now',
): Promise<ExamResult[]> {
  const results: ExamResult[] = [];
  for await (const result of streamResults(repository, definitions, commit, asOf)) results.push(result);
  return results.sort((a, b) => (a.exam < b.exam ? -1 : 1));
}

/** Undefined for the graph of this build. */
function graphWanted(asOf: AsOf, { files }: InputItem, outcome: OutcomeItem): string | undefined {
  if (asOf === 'now') return undefined;
  // The policies that a job had for the pixels of DICOM objects are in the outcome's digest alone.
  return asOf === 'then' || isOfObjects(files) ? outcome.graph : asOf.graph;
}

/**
 * The results as one job saw them: what it processed, what it found done already (`skipped`), what failed, and what it
 * has not come to yet (`waiting`).
 * @throws MammoflowError `not-found` when there is no such job, or it had nothing to do.
 */
export async function* streamJobResults(
  repository: Repository,
  definitions: readonly StageDeclaration[],
  job: string,
  selection: ExamSelection = {},
): AsyncGenerator<ExamResult> {
  const settings = await readJson(repository.store, jobSettingsKey(job), jobSettingsSchema);
  if (settings === undefined) {
    throw new MammoflowError('not-found', `There is no job ${job} that had something to do.`, 'See `mammoflow jobs`.');
  }
  const commit = await repository.commit(settings.commit);
  // The stages of the build that planned the job, which need not be those of this one.
  const asOf = { graph: graphDigest(graphFor(settings.graph, false), sha256Hex) };
  const limit = pLimit(CONCURRENCY);
  const headlines = openHeadlines(repository.store);
  for await (const batch of inBatches(streamResults(repository, definitions, commit, asOf, selection), AT_ONCE)) {
    const stored = await Promise.all(batch.map(({ exam }) => limit(() => readJobOutcome(repository.store, job, exam))));
    const ofStage = (stage: string): StageItem[] =>
      stored.flatMap((one) => {
        const item = one?.outcome.outcome === 'processed' ? one.stages[stage] : undefined;
        return item === undefined ? [] : [item];
      });
    const [found, warned] = await Promise.all([
      headlines.predictions(ofStage(PREDICTING_STAGE)),
      headlines.warnings(CHECKING_STAGE_NAMES.flatMap((stage) => ofStage(stage).map((item) => ({ stage, item })))),
    ]);
    yield* batch.map((result, index) =>
      jobResult(settings, result, stored[index], found.get(result.exam), warned.get(result.exam)),
    );
  }
  await headlines.keep();
}

function jobResult(
  settings: JobSettings,
  before: ExamResult,
  stored: ExamOutcome | undefined,
  found: ReadPredictions | undefined,
  warned: readonly FoundWarnings[] | undefined,
): ExamResult {
  if (stored === undefined) return before.outcome === 'processed' ? { ...before, outcome: 'skipped' } : before;
  const { outcome, statuses } = stored;
  const notice = settings.eras.find((era) => era.bundle === outcome.bundle)?.notice;
  const result = withHeadlines(resultOf(outcome, notice), found, warned);
  const skipped = Object.values(statuses).every((status) => status === 'skipped');
  return skipped && result.outcome === 'processed' ? { ...result, outcome: 'skipped' } : result;
}

const resultOf = (outcome: OutcomeItem, notice: string | undefined): ExamResult => ({
  exam: outcome.name,
  outcome: outcome.outcome,
  ...(outcome.reason === undefined ? {} : { reason: outcome.reason }),
  job: outcome.job,
  bundle: outcome.bundle,
  ...(notice === undefined ? {} : { notice }),
});

/**
 * Predictions are not in trees: those are for ever, and an erased exam must leave no numbers in them. A number never goes
 * anywhere without what the quality checks warn of.
 */
function withHeadlines(
  result: ExamResult,
  found: ReadPredictions | undefined,
  warned: readonly FoundWarnings[] | undefined,
): ExamResult {
  if (found === undefined) return result;
  if ('damage' in found) {
    return { ...result, outcome: 'damaged', reason: `${found.damage} Run \`mammoflow process\` to make it again.` };
  }
  const { image, imageheatmaps } = found.predictions;
  const warnings = warningsOf(warned);
  return { ...result, image, imageheatmaps, ...(warnings.length === 0 ? {} : { warnings }) };
}
