import type { Json } from '../pipeline/canonical-json.js';
import { type Commit, INPUT_REPOS, OUTCOMES, type OutcomeItem } from '../pipeline/commit.js';
import { wantedHash } from '../pipeline/datum.js';
import { MammoflowError } from '../pipeline/errors.js';
import { upstreamStages } from '../pipeline/graph.js';
import {
  type JobSettings,
  jobSettingsSchema,
  type Plan,
  type PlannedExam,
  type ProcessCommitSettings,
  type Scope,
} from '../pipeline/job.js';
import { eraFor } from '../pipeline/pipeline-document.js';
import { sha256Hex } from '../repos/hash.js';
import { readJson, writeJson } from '../repos/json-objects.js';
import { jobPageKey, jobSettingsKey } from '../repos/layout.js';
import { readPipeline } from '../repos/pipeline-repo.js';
import { type Repository, rootOf } from '../repos/repository.js';
import { resolveGraph } from './resolve-graph.js';
import type { StageDefinition } from './stage.js';

/** Exams a page; a page is read into the memory of every worker that takes part. */
const PAGE_EXAMS = 50;

/**
 * Compares what is wanted of every exam in scope with what its results were made for, and writes a page for every
 * fifty exams that need work. With nothing to do, nothing is written.
 *
 * @throws MammoflowError `unknown-reference`, `no-model` or `invalid-pipeline`, which trying again cannot mend.
 */
export async function planJob(
  repository: Repository,
  definitions: readonly StageDefinition[],
  { job, run }: { job: string; run: string },
  settings: ProcessCommitSettings,
  heartbeat: (planned: number) => void,
): Promise<Plan> {
  await requireUnusedId(repository, job, run);
  const commit = await commitToProcess(repository, settings);
  const document = await readPipeline(repository, commit);
  const graph = resolveGraph(definitions, document);
  const { eras } = document;
  const scope = scopeFilter(settings.only);

  let inScope = 0;
  let upToDate = 0;
  let knownFailed = 0;
  let planned = 0;
  let pages = 0;
  const erasUsed = new Set<number>();
  let page: PlannedExam[] = [];

  const flush = async (): Promise<void> => {
    if (page.length === 0) return;
    await writeJson(repository.store, jobPageKey(job, pages), { exams: page } as unknown as Json);
    pages += 1;
    page = [];
    heartbeat(planned);
  };

  for await (const batch of batches(repository.inputs.items(rootOf(commit, 'exams')), PAGE_EXAMS)) {
    const chosen = batch.filter((item) => scope.names?.has(item.name) ?? true);
    const outcomes = await repository.outcomes.getMany(
      rootOf(commit, OUTCOMES),
      chosen.map((item) => item.name),
    );
    for (const item of chosen) {
      const era = eraFor(eras, item.since);
      const wanted = wantedHash(item.name, item.files, era.digest, graph, sha256Hex);
      const outcome = outcomes.get(item.name);
      const known = outcome?.wanted === wanted ? outcome : undefined;
      if (!scope.includes(known)) continue;
      inScope += 1;
      if (known !== undefined && !scope.repeats) {
        if (known.outcome === 'failed') knownFailed += 1;
        else upToDate += 1;
        continue;
      }
      planned += 1;
      erasUsed.add(eras.indexOf(era));
      page.push({ exam: item.name, files: [...item.files], era: eras.indexOf(era), wanted });
      if (page.length === PAGE_EXAMS) await flush();
    }
  }
  await requireNamed(repository, commit, settings.only);
  await flush();

  if (planned > 0) {
    const jobSettings: JobSettings = {
      schemaVersion: 1,
      job,
      run,
      branch: settings.branch,
      commit: commit.id,
      sequence: commit.sequence,
      only: settings.only,
      graph,
      eras,
      plannedAt: new Date().toISOString(),
    };
    await writeJson(repository.store, jobSettingsKey(job), jobSettings as unknown as Json);
  }
  const earlierJob = planned > 0 ? undefined : await newestJob(repository, commit);
  return {
    branch: settings.branch,
    commit: commit.id,
    sequence: commit.sequence,
    exams: inScope,
    planned,
    pages,
    upToDate,
    knownFailed,
    bundles: [...erasUsed].map((index) => eras[index]?.bundle ?? ''),
    ...(earlierJob === undefined ? {} : { earlierJob }),
    graph: graph.map((node) => ({
      name: node.name,
      taskQueue: node.taskQueue,
      resource: node.resource,
      upstream: upstreamStages(node),
    })),
  };
}

/** A job's files never change, so a workflow id cannot serve two jobs. A retry of the same run may plan again. */
async function requireUnusedId(repository: Repository, job: string, run: string): Promise<void> {
  const earlier = await readJson(repository.store, jobSettingsKey(job), jobSettingsSchema);
  if (earlier === undefined || earlier.run === run) return;
  throw new MammoflowError(
    'invalid-argument',
    `There was a job ${job} already.`,
    'Start the workflow under another id.',
  );
}

async function commitToProcess(repository: Repository, settings: ProcessCommitSettings): Promise<Commit> {
  if (settings.commit !== undefined) return repository.commit(settings.commit);
  const head = await repository.head(settings.branch);
  if (head !== undefined) return head;
  throw new MammoflowError(
    'unknown-reference',
    `There is no branch ${settings.branch}, so there is nothing to process.`,
    'Put exams first with `mammoflow put exams <folder>`.',
  );
}

interface ScopeFilter {
  /** Restricts to these exams. */
  readonly names?: ReadonlySet<string>;
  /** Whether an exam with this known outcome (undefined: none, or for something else) is looked at at all. */
  includes(known: OutcomeItem | undefined): boolean;
  /** Whether exams whose outcome is known go through their stages again; datums with a record stay skipped. */
  readonly repeats: boolean;
}

function scopeFilter(only: Scope): ScopeFilter {
  if (only === 'affected') return { includes: () => true, repeats: false };
  if (only === 'failed') return { includes: (known) => known?.outcome === 'failed', repeats: true };
  if (only === 'all') return { includes: () => true, repeats: true };
  return { names: new Set(only), includes: () => true, repeats: true };
}

async function requireNamed(repository: Repository, commit: Commit, only: Scope): Promise<void> {
  if (typeof only === 'string') return;
  const found = await repository.inputs.getMany(rootOf(commit, INPUT_REPOS[0]), only);
  const missing = only.filter((name) => !found.has(name));
  if (missing.length > 0) {
    throw new MammoflowError(
      'not-found',
      `The commit has no exam ${missing.join(', ')}.`,
      'See `mammoflow ls exams` for what there is.',
    );
  }
}

async function newestJob(repository: Repository, from: Commit): Promise<string | undefined> {
  for await (const commit of repository.log(from, OUTCOMES)) {
    if (commit.by.kind === 'job') return commit.by.job;
  }
  return undefined;
}

async function* batches<T>(values: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const value of values) {
    batch.push(value);
    if (batch.length === size) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
