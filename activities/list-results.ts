import pLimit from 'p-limit';
import { type Commit, OUTCOMES, type OutcomeItem, type StageItem } from '../pipeline/commit.js';
import { wantedHash } from '../pipeline/datum.js';
import { MammoflowError } from '../pipeline/errors.js';
import { type ExamOutcome, examOutcomeSchema, type JobSettings, jobSettingsSchema } from '../pipeline/job.js';
import { eraFor } from '../pipeline/pipeline-document.js';
import { type LabelProbabilities, predictionsSchema } from '../pipeline/predictions.js';
import { sha256Hex } from '../repos/hash.js';
import { readJson } from '../repos/json-objects.js';
import { jobOutcomeKey, jobSettingsKey } from '../repos/layout.js';
import { readPipeline } from '../repos/pipeline-repo.js';
import { type Repository, rootOf } from '../repos/repository.js';
import { resolveGraph } from './resolve-graph.js';
import type { StageDefinition } from './stage.js';

/** What is known of one exam. Predictions are there for `processed` and `skipped` only. */
export interface ExamResult {
  readonly exam: string;
  /** `skipped` only in the view of one job: the results were there already. `waiting`: none that belong to it yet. */
  readonly outcome: 'processed' | 'skipped' | 'failed' | 'waiting';
  readonly reason?: string;
  readonly job?: string;
  readonly bundle?: string;
  /** The bundle's notice, e.g. that its weights are random. */
  readonly notice?: string;
  readonly image?: LabelProbabilities;
  readonly imageheatmaps?: LabelProbabilities;
}

/** The stage whose summary holds the predictions. */
const PREDICTING_STAGE = 'classify';
const CONCURRENCY = 16;

/**
 * The results at a commit, ordered by exam id. Results made for other files, models or parameters than the commit wants
 * are not shown: such an exam is `waiting`.
 */
export async function listResults(
  repository: Repository,
  definitions: readonly StageDefinition[],
  commit: Commit,
): Promise<ExamResult[]> {
  const document = await readPipeline(repository, commit);
  const graph = resolveGraph(definitions, document);
  const outcomes = await byName(repository.outcomes.items(rootOf(commit, OUTCOMES)));
  const classified = await byName(repository.stages.items(rootOf(commit, PREDICTING_STAGE)));
  const results: ExamResult[] = [];
  for await (const item of repository.inputs.items(rootOf(commit, 'exams'))) {
    const outcome = outcomes.get(item.name);
    if (document.eras.length === 0) {
      results.push({ exam: item.name, outcome: 'waiting', reason: 'No model bundle is in use.' });
      continue;
    }
    const era = eraFor(document.eras, item.since);
    if (outcome?.wanted !== wantedHash(item.name, item.files, era.digest, graph, sha256Hex)) {
      const reason =
        outcome === undefined
          ? 'Not processed yet.'
          : `Its results were made with ${outcome.bundle} or other parameters than are wanted now.`;
      results.push({ exam: item.name, outcome: 'waiting', reason, bundle: era.bundle });
      continue;
    }
    results.push(resultOf(outcome, classified.get(item.name), era.notice));
  }
  return results.sort((a, b) => (a.exam < b.exam ? -1 : 1));
}

/**
 * The results as one job saw them: what it processed, what it found done already (`skipped`), what failed, and what it
 * has not come to yet (`waiting`).
 * @throws MammoflowError `not-found` when there is no such job, or it had nothing to do.
 */
export async function listJobResults(
  repository: Repository,
  definitions: readonly StageDefinition[],
  job: string,
): Promise<ExamResult[]> {
  const settings = await readJson(repository.store, jobSettingsKey(job), jobSettingsSchema);
  if (settings === undefined) {
    throw new MammoflowError('not-found', `There is no job ${job} that had something to do.`, 'See `mammoflow jobs`.');
  }
  const commit = await repository.commit(settings.commit);
  const before = await listResults(repository, definitions, commit);
  const limit = pLimit(CONCURRENCY);
  return Promise.all(before.map((result) => limit(() => jobResult(repository, settings, result))));
}

async function jobResult(repository: Repository, settings: JobSettings, before: ExamResult): Promise<ExamResult> {
  const stored = await readJson(repository.store, jobOutcomeKey(settings.job, before.exam), examOutcomeSchema);
  if (stored === undefined) return before.outcome === 'processed' ? { ...before, outcome: 'skipped' } : before;
  const { outcome, stages, statuses } = stored as ExamOutcome;
  const notice = settings.eras.find((era) => era.bundle === outcome.bundle)?.notice;
  const result = resultOf(outcome, stages[PREDICTING_STAGE], notice);
  const skipped = Object.values(statuses).every((status) => status === 'skipped');
  return skipped && result.outcome === 'processed' ? { ...result, outcome: 'skipped' } : result;
}

function resultOf(outcome: OutcomeItem, classified: StageItem | undefined, notice: string | undefined): ExamResult {
  const predictions =
    outcome.outcome === 'processed' ? predictionsSchema.safeParse(classified?.summary).data : undefined;
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
