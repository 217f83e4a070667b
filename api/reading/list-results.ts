import pLimit from 'p-limit';
import { type Commit, type InputItem, OUTCOMES, type OutcomeItem, type StageItem } from '../../pipeline/commit.js';
import { graphDigest } from '../../pipeline/datum.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { type JobSettings, jobSettingsSchema } from '../../pipeline/job.js';
import type { LabelProbabilities } from '../../pipeline/predictions.js';
import { QUALITY_STAGE, type QualityWarning } from '../../pipeline/quality-report.js';
import type { StageDeclaration } from '../../pipeline/stage.js';
import { inBatches } from '../../planning/batches.js';
import { wantsOf } from '../../planning/wants.js';
import { erasedOn, openErasures } from '../../repos/erasures.js';
import { readJobOutcome } from '../../repos/exam-outcomes.js';
import { sha256Hex } from '../../repos/hash.js';
import { readJson } from '../../repos/json-objects.js';
import { jobSettingsKey } from '../../repos/layout.js';
import type { ObjectStore } from '../../repos/object-store.js';
import { PREDICTING_STAGE, readPredictions } from '../../repos/read-predictions.js';
import { type Repository, rootOf } from '../../repos/repository.js';
import { readWarnings } from '../quality-warnings.js';

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
  const limit = pLimit(CONCURRENCY);
  const root = rootOf(commit, 'exams');
  const items =
    exams === undefined
      ? repository.inputs.items(root, after)
      : chosenItems(await repository.inputs.getMany(root, exams), after);
  for await (const batch of inBatches(items, AT_ONCE)) {
    const names = batch.map(({ name }) => name);
    const [outcomes, classified, checked] = await Promise.all([
      repository.outcomes.getMany(rootOf(commit, OUTCOMES), names),
      repository.stages.getMany(rootOf(commit, PREDICTING_STAGE), names),
      repository.stages.getMany(rootOf(commit, QUALITY_STAGE), names),
    ]);
    yield* await Promise.all(
      batch.map((item) => limit(() => resultAt(item, outcomes.get(item.name), classified, checked))),
    );
  }

  async function resultAt(
    item: InputItem,
    outcome: OutcomeItem | undefined,
    classified: ReadonlyMap<string, StageItem>,
    checked: ReadonlyMap<string, StageItem>,
  ): Promise<ExamResult> {
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
    if (outcome.wanted === wants.wantedOf(item, graphWanted(asOf, outcome))) {
      const result = await resultOf(repository, outcome, classified.get(exam), notice);
      return withWarnings(repository.store, result, checked.get(exam));
    }
    const other = outcome.bundle === bundle ? 'other stages or parameters' : `bundle ${outcome.bundle}`;
    return { exam, outcome: 'waiting', reason: `Its results were made with ${other} than is wanted now.`, bundle };
  }
}

/** By name, since the order of the tree shows only to who goes through all of it. */
const chosenItems = (found: ReadonlyMap<string, InputItem>, after: string | undefined): InputItem[] =>
  [...found.values()]
    .filter(({ name }) => after === undefined || name > after)
    .sort((a, b) => (a.name < b.name ? -1 : 1));

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
function graphWanted(asOf: AsOf, outcome: OutcomeItem): string | undefined {
  if (asOf === 'now') return undefined;
  return asOf === 'then' ? outcome.graph : asOf.graph;
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
  const asOf = { graph: graphDigest(settings.graph, sha256Hex) };
  const limit = pLimit(CONCURRENCY);
  for await (const batch of inBatches(streamResults(repository, definitions, commit, asOf, selection), AT_ONCE)) {
    yield* await Promise.all(batch.map((result) => limit(() => jobResult(repository, settings, result))));
  }
}

async function jobResult(repository: Repository, settings: JobSettings, before: ExamResult): Promise<ExamResult> {
  const stored = await readJobOutcome(repository.store, settings.job, before.exam);
  if (stored === undefined) return before.outcome === 'processed' ? { ...before, outcome: 'skipped' } : before;
  const { outcome, stages, statuses } = stored;
  const notice = settings.eras.find((era) => era.bundle === outcome.bundle)?.notice;
  const predicted = await resultOf(repository, outcome, stages[PREDICTING_STAGE], notice);
  const result = await withWarnings(repository.store, predicted, stages[QUALITY_STAGE]);
  const skipped = Object.values(statuses).every((status) => status === 'skipped');
  return skipped && result.outcome === 'processed' ? { ...result, outcome: 'skipped' } : result;
}

/**
 * Predictions are read from the file that the commit names: trees are for ever, and an erased exam must leave no numbers in
 * them; and nothing but the hash in the tree can vouch for a number.
 */
async function resultOf(
  repository: Repository,
  outcome: OutcomeItem,
  classified: StageItem | undefined,
  notice: string | undefined,
): Promise<ExamResult> {
  const isProcessed = outcome.outcome === 'processed' && classified !== undefined;
  const read = isProcessed ? await readPredictions(repository.store, outcome.name, classified) : undefined;
  const reason =
    read !== undefined && 'damage' in read
      ? `${read.damage} Run \`mammoflow process\` to make it again.`
      : outcome.reason;
  return {
    exam: outcome.name,
    outcome: read !== undefined && 'damage' in read ? 'damaged' : outcome.outcome,
    ...(reason === undefined ? {} : { reason }),
    job: outcome.job,
    bundle: outcome.bundle,
    ...(notice === undefined ? {} : { notice }),
    ...(read !== undefined && 'predictions' in read
      ? { image: read.predictions.image, imageheatmaps: read.predictions.imageheatmaps }
      : {}),
  };
}

/** A result with what the quality checks warn of. A number never goes anywhere without it. */
async function withWarnings(
  store: ObjectStore,
  result: ExamResult,
  checked: StageItem | undefined,
): Promise<ExamResult> {
  if (result.image === undefined) return result;
  const warnings = await readWarnings(store, checked);
  return warnings.length === 0 ? result : { ...result, warnings };
}
