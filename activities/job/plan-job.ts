import type { Json } from '../../pipeline/canonical-json.js';
import { type Commit, type InputItem, OUTCOMES, type OutcomeItem } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { graphFor, isOfObjects, tellingStages } from '../../pipeline/exam-objects.js';
import { type StageGraph, type StageNode, upstreamStages } from '../../pipeline/graph.js';
import {
  type JobSettings,
  jobSettingsSchema,
  type Plan,
  type PlannedExam,
  type ProcessCommitSettings,
  type Scope,
  scopeListSchema,
} from '../../pipeline/job.js';
import { type Candidates, examStates, findCandidates } from '../../planning/candidates.js';
import { examsToMend } from '../../planning/known-damage.js';
import { wantsOf } from '../../planning/wants.js';
import { readJson, writeJson } from '../../repos/json-objects.js';
import { jobPageKey, jobSettingsKey } from '../../repos/layout.js';
import { type Repository, rootOf } from '../../repos/repository.js';
import type { StageDefinition } from '../stage.js';

/** Exams a page; a page is read into the memory of every worker that takes part. */
const PAGE_EXAMS = 50;
/**
 * Pages looked at for known results in one go. They land in one commit, which writes every leaf of the trees that it
 * touches, so few large commits cost much less than many small ones. Five thousand outcomes take some 40 MB of memory.
 */
const PAGES_AT_ONCE = 100;

/**
 * Compares what is wanted of every exam in scope with what its results were made for, and writes a page for every
 * fifty exams that need something. With nothing to do, nothing is written.
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
  const wants = await wantsOf(repository, definitions, commit);
  const { eras } = wants.document;
  const candidates =
    settings.only === 'affected'
      ? await findCandidates(repository, commit, wants)
      : await exactScope(repository, commit, settings.only);

  let upToDate = candidates.settled.processed;
  let knownFailed = candidates.settled.failed;
  let planned = 0;
  let pages = 0;
  const erasUsed = new Set<number>();
  let hasObjects = false;
  let page: PlannedExam[] = [];
  const flush = async (): Promise<void> => {
    await writeJson(repository.store, jobPageKey(job, pages), { exams: page } as unknown as Json);
    pages += 1;
    page = [];
    heartbeat(planned);
  };

  const states = examStates(repository, commit, wants, candidates);
  for await (const { item, wanted, outcome, isSettled } of states) {
    const failed = outcome?.outcome === 'failed';
    if (settings.only === 'failed' && !(isSettled && failed)) continue;
    if (settings.only === 'affected' && isSettled) {
      if (failed) knownFailed += 1;
      else upToDate += 1;
      continue;
    }
    planned += 1;
    const era = eras.indexOf(wants.eraOf(item));
    erasUsed.add(era);
    const accepted = [...wants.acceptedOf(item)];
    const pixels = wants.pixelsOf(item);
    hasObjects ||= isOfObjects(item.files);
    page.push({
      exam: item.name,
      files: [...item.files],
      era,
      wanted,
      replay: outcome !== undefined,
      ...(accepted.length === 0 ? {} : { accepted }),
      ...(pixels === undefined ? {} : { pixels }),
      ...(candidates.toMend.has(item.name) ? { mend: true } : {}),
    });
    if (page.length === PAGE_EXAMS) await flush();
  }
  if (page.length > 0) await flush();

  if (planned > 0) {
    const jobSettings: JobSettings = {
      schemaVersion: 1,
      job,
      run,
      branch: settings.branch,
      commit: commit.id,
      sequence: commit.sequence,
      only: settings.only,
      // A job on folders of pictures alone knows nothing of DICOM.
      graph: hasObjects ? wants.graph : graphFor(wants.graph, false),
      eras,
      plannedAt: new Date(repository.store.serverTime()).toISOString(),
    };
    await writeJson(repository.store, jobSettingsKey(job), jobSettings as unknown as Json);
  }
  const earlierJob = planned > 0 ? undefined : await newestJob(repository, commit);
  return {
    branch: settings.branch,
    commit: commit.id,
    sequence: commit.sequence,
    exams: planned + upToDate + knownFailed,
    planned,
    pages,
    upToDate,
    knownFailed,
    bundles: [...erasUsed].map((index) => eras[index]?.bundle ?? ''),
    ...(earlierJob === undefined ? {} : { earlierJob }),
    graph: graphFor(wants.graph, hasObjects).map((node, _index, graph) => ({
      name: node.name,
      taskQueue: node.taskQueue,
      resource: node.resource,
      upstream: namedTo(node, graph),
      ...(node.after === undefined ? {} : { after: node.after }),
    })),
    pagesAtOnce: PAGES_AT_ONCE,
  };
}

/**
 * The stages whose datums a stage is told: those it reads, and, where it draws what others warn of, those that these read, so
 * that it can name what they made.
 */
function namedTo(node: StageNode, graph: StageGraph): string[] {
  const telling = tellingStages(node, graph);
  const read = [node, ...graph.filter(({ name }) => telling.includes(name))].flatMap(upstreamStages);
  return [...new Set(read)];
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

/**
 * The exams of a scope that is looked at whatever is known of them: all, those that failed, or some by name.
 * @throws MammoflowError `not-found` when a named exam is not there.
 */
async function exactScope(repository: Repository, commit: Commit, only: Scope): Promise<Candidates> {
  const root = rootOf(commit, 'exams');
  const settled = { processed: 0, failed: 0 };
  const scope = { settled, toMend: await examsToMend(repository, commit), walks: false };
  if (only === 'failed') {
    const failed: string[] = [];
    for await (const item of repository.outcomes.items(rootOf(commit, OUTCOMES)))
      if (isFailed(item)) failed.push(item.name);
    return { exams: () => iterate(repository.inputs.getMany(root, failed)), ...scope };
  }
  if (typeof only === 'string') return { ...scope, exams: () => repository.inputs.walk(root), walks: true };
  const names = Array.isArray(only) ? only : await listedNames(repository, only.listedIn);
  const found = await repository.inputs.getMany(root, names);
  const missing = names.filter((name) => !found.has(name));
  if (missing.length === 0) return { exams: () => iterate(found), ...scope };
  throw new MammoflowError(
    'not-found',
    `The commit has no exam ${missing.join(', ')}.`,
    'See `mammoflow ls exams` for what there is.',
  );
}

async function listedNames({ store }: Repository, key: string): Promise<readonly string[]> {
  const list = await readJson(store, key, scopeListSchema);
  if (list !== undefined) return list.exams;
  throw new MammoflowError('not-found', `The list of exams ${key} is not in the bucket.`, 'Start the job again.');
}

const isFailed = (item: OutcomeItem): boolean => item.outcome === 'failed';

async function* iterate(
  items: ReadonlyMap<string, InputItem> | Promise<ReadonlyMap<string, InputItem>>,
): AsyncGenerator<InputItem> {
  yield* (await items).values();
}

async function newestJob(repository: Repository, from: Commit): Promise<string | undefined> {
  for await (const commit of repository.log(from, OUTCOMES)) {
    if (commit.by.kind === 'job') return commit.by.job;
  }
  return undefined;
}
