import pLimit from 'p-limit';
import { type Commit, OUTCOMES, type OutcomeItem, type StageItem } from '../../pipeline/commit.js';
import { graphDigest } from '../../pipeline/datum.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { type JobSettings, jobSettingsSchema } from '../../pipeline/job.js';
import { type LabelProbabilities, predictionsSchema } from '../../pipeline/predictions.js';
import type { StageDeclaration } from '../../pipeline/stage.js';
import { wantsOf } from '../../planning/wants.js';
import { readDatumRecord } from '../../repos/datum-records.js';
import { erasedOn, openErasures } from '../../repos/erasures.js';
import { readJobOutcome } from '../../repos/exam-outcomes.js';
import { sha256Hex } from '../../repos/hash.js';
import { readJson } from '../../repos/json-objects.js';
import { jobSettingsKey } from '../../repos/layout.js';
import { type Repository, rootOf } from '../../repos/repository.js';

/** What is known of one exam. Predictions are there for `processed` and `skipped` only. */
export interface ExamResult {
  readonly exam: string;
  /**
   * `skipped` only in the view of one job: the results were there already. `waiting`: none that belong to it yet. An exam
   * that was erased since is `failed`, with that reason.
   */
  readonly outcome: 'processed' | 'skipped' | 'failed' | 'waiting';
  readonly reason?: string;
  readonly job?: string;
  readonly bundle?: string;
  /** The bundle's notice, e.g. that its weights are random. */
  readonly notice?: string;
  /** What lies of it in the inbox: what that waits for, or why it is refused. */
  readonly inbox?: string;
  readonly image?: LabelProbabilities;
  readonly imageheatmaps?: LabelProbabilities;
}

/** The stage whose summary holds the predictions. */
const PREDICTING_STAGE = 'classify';
const CONCURRENCY = 16;

/**
 * The results at a commit, ordered by exam id. Results made for other files, models or parameters than the commit wants
 * are not shown: such an exam is `waiting`.
 *
 * @param asOf `now`: the stages that this build would run are wanted. `then`: for a commit of the past, the stages that
 *   made its results are as good, because a later build cannot know what was wanted of them then. Or the digest of the
 *   graph that is wanted.
 */
export async function listResults(
  repository: Repository,
  definitions: readonly StageDeclaration[],
  commit: Commit,
  asOf: 'now' | 'then' | { readonly graph: string } = 'now',
): Promise<ExamResult[]> {
  const wants = await wantsOf(repository, definitions, commit);
  const outcomes = await byName(repository.outcomes.items(rootOf(commit, OUTCOMES)));
  const classified = await byName(repository.stages.items(rootOf(commit, PREDICTING_STAGE)));
  const limit = pLimit(CONCURRENCY);
  const results: Promise<ExamResult>[] = [];
  const erasureOf = await openErasures(repository.store);
  const waiting = (exam: string, reason: string, bundle?: string): void => {
    results.push(Promise.resolve({ exam, outcome: 'waiting', reason, ...(bundle === undefined ? {} : { bundle }) }));
  };
  for await (const item of repository.inputs.items(rootOf(commit, 'exams'))) {
    const outcome = outcomes.get(item.name);
    const erasure = await erasureOf(item);
    if (erasure !== undefined) {
      // Not `waiting`, because nothing will come.
      const bundle = outcome?.bundle;
      const [exam, reason] = [item.name, erasedOn(erasure)];
      results.push(Promise.resolve({ exam, outcome: 'failed', reason, ...(bundle === undefined ? {} : { bundle }) }));
      continue;
    }
    if (wants.document.eras.length === 0) {
      waiting(item.name, 'No model bundle is in use.');
      continue;
    }
    const era = wants.eraOf(item);
    if (outcome === undefined) waiting(item.name, 'Not processed yet.', era.bundle);
    else if (outcome.wanted === wants.wantedOf(item, graphWanted(asOf, outcome))) {
      results.push(limit(() => resultOf(repository, outcome, classified.get(item.name), era.notice)));
    } else {
      const other = outcome.bundle === era.bundle ? 'other stages or parameters' : `bundle ${outcome.bundle}`;
      waiting(item.name, `Its results were made with ${other} than is wanted now.`, era.bundle);
    }
  }
  return (await Promise.all(results)).sort((a, b) => (a.exam < b.exam ? -1 : 1));
}

/** Undefined for the graph of this build. */
function graphWanted(asOf: 'now' | 'then' | { readonly graph: string }, outcome: OutcomeItem): string | undefined {
  if (asOf === 'now') return undefined;
  return asOf === 'then' ? outcome.graph : asOf.graph;
}

/**
 * The results as one job saw them: what it processed, what it found done already (`skipped`), what failed, and what it
 * has not come to yet (`waiting`).
 * @throws MammoflowError `not-found` when there is no such job, or it had nothing to do.
 */
export async function listJobResults(
  repository: Repository,
  definitions: readonly StageDeclaration[],
  job: string,
): Promise<ExamResult[]> {
  const settings = await readJson(repository.store, jobSettingsKey(job), jobSettingsSchema);
  if (settings === undefined) {
    throw new MammoflowError('not-found', `There is no job ${job} that had something to do.`, 'See `mammoflow jobs`.');
  }
  const commit = await repository.commit(settings.commit);
  // The stages of the build that planned the job, which need not be those of this one.
  const before = await listResults(repository, definitions, commit, { graph: graphDigest(settings.graph, sha256Hex) });
  const limit = pLimit(CONCURRENCY);
  return Promise.all(before.map((result) => limit(() => jobResult(repository, settings, result))));
}

async function jobResult(repository: Repository, settings: JobSettings, before: ExamResult): Promise<ExamResult> {
  const stored = await readJobOutcome(repository.store, settings.job, before.exam);
  if (stored === undefined) return before.outcome === 'processed' ? { ...before, outcome: 'skipped' } : before;
  const { outcome, stages, statuses } = stored;
  const notice = settings.eras.find((era) => era.bundle === outcome.bundle)?.notice;
  const result = await resultOf(repository, outcome, stages[PREDICTING_STAGE], notice);
  const skipped = Object.values(statuses).every((status) => status === 'skipped');
  return skipped && result.outcome === 'processed' ? { ...result, outcome: 'skipped' } : result;
}

/** Predictions are read from the datum's record: trees are for ever, and an erased exam must leave no numbers in them. */
async function resultOf(
  repository: Repository,
  outcome: OutcomeItem,
  classified: StageItem | undefined,
  notice: string | undefined,
): Promise<ExamResult> {
  const record =
    outcome.outcome === 'processed' && classified !== undefined
      ? await readDatumRecord(repository.store, PREDICTING_STAGE, outcome.name, classified.datum)
      : undefined;
  const predictions = predictionsSchema.safeParse(record?.summary).data;
  return {
    exam: outcome.name,
    outcome: outcome.outcome,
    ...(outcome.reason === undefined ? {} : { reason: outcome.reason }),
    job: outcome.job,
    bundle: outcome.bundle,
    ...(notice === undefined ? {} : { notice }),
    ...(predictions === undefined ? {} : { image: predictions.image, imageheatmaps: predictions.imageheatmaps }),
  };
}

async function byName<T extends { name: string }>(items: AsyncIterable<T>): Promise<Map<string, T>> {
  const map = new Map<string, T>();
  for await (const item of items) map.set(item.name, item);
  return map;
}
