import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Claimant } from '../../pipeline/claim.js';
import type { FileEntry } from '../../pipeline/commit.js';
import {
  type DatumRecord,
  datumKey,
  datumKeyDocument,
  labelsOf,
  type StageLabels,
  stageLabels,
} from '../../pipeline/datum.js';
import { ExamError, MammoflowError } from '../../pipeline/errors.js';
import { graphFor, isOfObjects, READ_STAGE, tellingStages } from '../../pipeline/exam-objects.js';
import type { StageNode } from '../../pipeline/graph.js';
import { isNamed, type PlannedExam } from '../../pipeline/job.js';
import type { Era, EraModels } from '../../pipeline/pipeline-document.js';
import { recordedWarnings, warningsLabel } from '../../pipeline/quality-report.js';
import type { HeldClaim } from '../../repos/claims.js';
import { faultOf, storeFile } from '../../repos/committed-files.js';
import { concurrently } from '../../repos/concurrently.js';
import { type FoundRecord, findDatumRecord, replaceDatumRecord, writeDatumRecord } from '../../repos/datum-records.js';
import { erasedOn, isErased, readErasure } from '../../repos/erasures.js';
import { sha256Hex } from '../../repos/hash.js';
import { forgetDamage, recordDamage } from '../../repos/known-damage.js';
import { readLocalFile } from '../../repos/local-file.js';
import type { StageDependencies, StageRun } from '../dependencies.js';
import type { JobFiles } from '../job/job-files.js';
import type { DatumObservation } from '../observation.js';
import type { LocalModel, StageInputs, StageProgress, StageResult } from '../stage.js';
import { claimOrLeave } from './claim.js';
import type { CachedFile } from './file-cache.js';
import { UpstreamLost } from './upstream-lost.js';

/** Files of a stage's output stored at once. */
const FILES_AT_ONCE = 16;

/** In place of a datum's key where a stage has nothing to do with an exam. It is recorded nowhere. */
const NO_DATUM = 'none';

/** One datum of one job: a stage applied to an exam, with the datums it builds on. */
export interface DatumRequest {
  readonly job: string;
  readonly page: number;
  readonly exam: string;
  readonly stage: string;
  /** Datum keys of the upstream stages. */
  readonly upstream: Readonly<Record<string, string>>;
  /** Somebody downstream could not read what is recorded: every byte of it is read, and computed again where it must be. */
  readonly mend?: boolean;
}

export interface DatumResult {
  readonly datum: string;
  /** False when a record was found, and nothing had to be computed. */
  readonly computed: boolean;
  /** The job that computed it. */
  readonly job: string;
  /** Why it was computed although there was a record. */
  readonly replaced?: string;
  /** Codes of what a quality stage warns of; absent when it warns of nothing. */
  readonly warnings?: readonly string[];
}

/**
 * Brings one datum about: looks for its record, and only when there is none fetches the inputs, runs the stage, stores
 * what it wrote and records it. A record that is damaged, or that names a file which is, or which the bucket has lost, is
 * as good as none, and replaced. Whether files are there is always looked at; their bytes are read where the exam was named,
 * where something of it is known to be damaged, or where a later stage could not read them.
 * With a claimant it first claims the datum, so that jobs that overlap compute it once. `alone` is for a datum whose worker
 * died: it runs in a process of its own.
 *
 * @throws UpstreamLost when what an earlier stage made is gone or damaged; ExamError when the exam's own data is at fault, gone from the bucket or erased; MammoflowError
 *   `stage-unavailable` when this worker has another version of the stage than the pipeline wants.
 */
export async function runDatum(
  dependencies: StageDependencies,
  jobs: JobFiles,
  request: DatumRequest,
  signal: AbortSignal,
  onProgress: (progress: StageProgress) => void,
  { claimant, alone = false }: { claimant?: Claimant; alone?: boolean } = {},
): Promise<DatumResult> {
  const { store } = dependencies.repository;
  const settings = await jobs.settings(request.job);
  const planned = await jobs.exam(request.job, request.page, request.exam);
  const ofObjects = isOfObjects(planned.files);
  // In a job that has both kinds of exams the workflow asks for this stage of every one.
  if (!ofObjects && request.stage === READ_STAGE) return { datum: NO_DATUM, computed: false, job: request.job };
  const node = nodeNamed(graphFor(settings.graph, ofObjects), request.stage);
  const models = modelsOf(settings.eras[planned.era], node);
  const inputs = await inputFiles(dependencies, node, planned, request);
  const own = stageLabels(settings.eras[planned.era], planned.accepted, planned.pixels);
  const graph = graphFor(settings.graph, ofObjects);
  const names = { ...own, warnings: await warningsBefore(dependencies, graph, node, planned, request, own) };
  const document = datumKeyDocument(node, request.exam, models, inputs, names);
  const key = datumKey(document, sha256Hex);
  const tell = (outcome: DatumObservation['outcome'], of: Pick<DatumObservation, 'seconds' | 'bytes'> = {}): void =>
    dependencies.observe?.({ stage: node.name, bundle: names.bundle ?? '', outcome, ...of });

  const known = await findDatumRecord(store, node.name, request.exam, key);
  const deep = request.mend === true || planned.mend === true || isNamed(settings.only);
  const replaced = known && (await whyReplace(dependencies, known, deep));
  if (known?.record !== undefined && replaced === undefined) {
    if (deep) await forgetDamage(store, node.name, request.exam);
    tell('skipped');
    return { datum: key, computed: false, job: known.record.job, ...warningCodes(known.record) };
  }

  requireVersion(dependencies, node);
  // By the bucket's clock: that of a worker may be days ahead, and nobody would notice.
  const now = (): string => new Date(store.serverTime()).toISOString();
  const startedAt = now();
  const seconds = stopwatch();
  const outputFolder = await dependencies.cache.temporaryFolder();
  const held: CachedFile[] = [];
  let claim: HeldClaim | undefined;
  try {
    if (claimant !== undefined) {
      claim = await claimOrLeave(store, { stage: node.name, exam: request.exam, key }, claimant, signal);
      // Whoever had it before may be done with it.
      const meanwhile = await findDatumRecord(store, node.name, request.exam, key);
      if (meanwhile?.record !== undefined && meanwhile.etag !== known?.etag)
        return { datum: key, computed: false, job: meanwhile.record.job, ...warningCodes(meanwhile.record) };
    }
    const local = await fetchInputs(dependencies, request.exam, inputs, models, held).catch(async (error) => {
      await refuseErased(dependencies, planned);
      throw error;
    });
    const fetching = seconds();
    const result = await dependencies.runStage(
      {
        stage: node.name,
        inputs: { ...local, labels: labelsOf(node, names) },
        parameters: node.parameters as StageRun['parameters'],
        outputFolder,
      },
      { signal, onProgress, alone },
    );
    const computing = seconds();
    signal.throwIfAborted();
    // Last, because what is stored after an erasure has looked for the last time would stay.
    await refuseErased(dependencies, planned);
    const files = await storeOutput(dependencies, node.name, request.exam, outputFolder, result);
    const took = { fetching, computing, storing: seconds() };
    const record: DatumRecord = {
      schemaVersion: 1,
      key,
      document: { ...document, parameters: node.parameters } as DatumRecord['document'],
      files,
      ...(result.summary === undefined ? {} : { summary: result.summary as DatumRecord['summary'] }),
      job: request.job,
      provenance: {
        ...dependencies.provenance,
        ...result.provenance,
        seconds: took,
        ...(replaced === undefined ? {} : { replaced }),
      } as DatumRecord['provenance'],
      startedAt,
      finishedAt: now(),
    };
    const written =
      known === undefined ? await writeDatumRecord(store, record) : await replaceDatumRecord(store, record, known.etag);
    tell('computed', {
      seconds: took,
      bytes: { input: sizeOf(Object.values(inputs).flat()), output: sizeOf(files) },
    });
    return {
      datum: key,
      computed: true,
      job: written.job,
      ...(replaced === undefined ? {} : { replaced }),
      ...warningCodes(written),
    };
  } catch (error) {
    if (!signal.aborted) tell(error instanceof ExamError ? 'failed' : 'retried');
    throw dependencies.cache.explained(error);
  } finally {
    for (const file of held) file.release();
    await claim?.release();
    await rm(outputFolder, { recursive: true, force: true });
  }
}

const sizeOf = (files: readonly FileEntry[]): number => files.reduce((sum, { size }) => sum + size, 0);

/** Seconds since the last call, or since it was made, to the millisecond. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const since = performance.now() - last;
    last += since;
    return Math.round(since) / 1_000;
  };
}

function warningCodes(record: DatumRecord): { warnings?: readonly string[] } {
  const warnings = recordedWarnings(record);
  return warnings.length === 0 ? {} : { warnings: [...new Set(warnings.map(({ code }) => code))].sort() };
}

/** Why a record does not do, in the words of its successor's provenance. */
async function whyReplace(
  { repository }: StageDependencies,
  { record, versionId }: FoundRecord,
  deep: boolean,
): Promise<string | undefined> {
  if (record === undefined) return `its record (version ${versionId}) was damaged`;
  const faults = await Promise.all(record.files.map((file) => faultOf(repository.store, file, deep)));
  const at = faults.findIndex((fault) => fault !== undefined);
  const file = record.files[at];
  if (file === undefined) return undefined;
  const what = faults[at] === 'missing' ? 'gone from the bucket' : 'damaged';
  return `version ${file.versionId} of ${file.key} was ${what}`;
}

/** An exam erased while a job had it is not brought back, neither from a cache nor by a stage that was running. */
async function refuseErased({ repository }: StageDependencies, { exam, files }: PlannedExam): Promise<void> {
  const erasure = await readErasure(repository.store, exam);
  if (erasure === undefined || !isErased(erasure, files)) return;
  throw new ExamError('missing-object', `Exam ${exam}: ${erasedOn(erasure)}`, 'Put it again if that was a mistake.');
}

/**
 * What the stages that looked at the exam before this one warn of. Their datums are found by what they were made from, which this
 * stage reads too.
 */
async function warningsBefore(
  dependencies: StageDependencies,
  graph: readonly StageNode[],
  stage: StageNode,
  planned: PlannedExam,
  request: DatumRequest,
  names: StageLabels,
): Promise<string> {
  const { store } = dependencies.repository;
  const records = await Promise.all(
    tellingStages(stage, graph).map(async (name) => {
      const node = nodeNamed(graph, name);
      const inputs = await inputFiles(dependencies, node, planned, request);
      const key = datumKey(datumKeyDocument(node, request.exam, {}, inputs, names), sha256Hex);
      return recordOf(await findDatumRecord(store, name, request.exam, key), name, request.exam);
    }),
  );
  return warningsLabel(records);
}

/** @throws UpstreamLost where there is none, or it is damaged. */
function recordOf(found: FoundRecord | undefined, stage: string, exam: string): DatumRecord {
  if (found?.record !== undefined) return found.record;
  const [code, what] =
    found === undefined ? (['missing-object', 'gone from'] as const) : (['corrupt-data', 'damaged in'] as const);
  throw new UpstreamLost(stage, code, `The record of ${stage} for exam ${exam} is ${what} the bucket.`, exam);
}

function nodeNamed(graph: readonly StageNode[], name: string): StageNode {
  const node = graph.find((candidate) => candidate.name === name);
  if (node === undefined) throw new MammoflowError('invalid-argument', `The job's plan has no stage ${name}.`);
  return node;
}

function modelsOf(era: Era | undefined, node: StageNode): EraModels {
  if (era === undefined) throw new MammoflowError('invalid-argument', "The exam's era is not in the job's plan.");
  const models: EraModels = {};
  for (const role of node.modelRoles) {
    const model = era.models[role];
    if (model === undefined) {
      throw new MammoflowError(
        'invalid-bundle',
        `Stage ${node.name} needs a model for the role ${role}, which bundle ${era.bundle} lacks.`,
        'Use a bundle that has it.',
      );
    }
    models[role] = model;
  }
  return models;
}

/** The pipeline may want a version that only some workers have; a worker must not pass off another one as it. */
function requireVersion(dependencies: StageDependencies, node: StageNode): void {
  const mine = dependencies.stages.find((definition) => definition.name === node.name)?.version;
  if (mine === node.version) return;
  throw new MammoflowError(
    'stage-unavailable',
    `The pipeline wants version ${node.version} of stage ${node.name}, and this worker has ${mine ?? 'no such stage'}.`,
    `Start a worker with version ${node.version}; the job waits for it.`,
  );
}

async function inputFiles(
  dependencies: StageDependencies,
  node: StageNode,
  planned: PlannedExam,
  request: DatumRequest,
): Promise<Record<string, readonly FileEntry[]>> {
  const inputs: Record<string, readonly FileEntry[]> = {};
  for (const repo of node.upstream) {
    if (repo === 'exams') {
      inputs[repo] = planned.files;
      continue;
    }
    const key = request.upstream[repo];
    const found =
      key === undefined ? undefined : await findDatumRecord(dependencies.repository.store, repo, request.exam, key);
    inputs[repo] = recordOf(found, repo, request.exam).files;
  }
  return inputs;
}

async function fetchInputs(
  dependencies: StageDependencies,
  exam: string,
  inputs: Readonly<Record<string, readonly FileEntry[]>>,
  models: EraModels,
  held: CachedFile[],
): Promise<StageInputs> {
  const { cache, repository } = dependencies;
  const fetchFile = async (repo: string, item: string, entry: FileEntry): Promise<string> => {
    try {
      const file = await cache.get(entry);
      held.push(file);
      return file.path;
    } catch (error) {
      const code = faultCode(error);
      if (code === undefined) throw error;
      const { key, versionId } = entry;
      const what = code === 'missing-object' ? 'missing' : 'damaged';
      // Word for `put`, which would otherwise believe that it is there.
      await recordDamage(repository.store, { repo, item, key, versionId, what });
      throw repo === 'models' ? error : inputLost(repo, exam, entry, code, error);
    }
  };
  const wanted = Object.entries(inputs).flatMap(([repo, entries]) => entries.map((entry) => ({ repo, entry })));
  const paths = await concurrently(wanted, wanted.length, ({ repo, entry }) => fetchFile(repo, exam, entry));
  const files: Record<string, Record<string, string>> = {};
  for (const repo of Object.keys(inputs)) files[repo] = {};
  for (const [index, { repo, entry }] of wanted.entries()) {
    (files[repo] as Record<string, string>)[entry.path] = paths[index] as string;
  }
  const localModels: Record<string, LocalModel> = {};
  for (const [role, { file, preprocessing }] of Object.entries(models)) {
    localModels[role] = {
      path: await fetchFile('models', itemOfKey(file.key), file),
      sha256: file.sha256,
      preprocessing: preprocessing as LocalModel['preprocessing'],
    };
  }
  return { exam, files, models: localModels };
}

const faultCode = (error: unknown): 'missing-object' | 'corrupt-data' | undefined =>
  error instanceof MammoflowError && (error.code === 'missing-object' || error.code === 'corrupt-data')
    ? error.code
    : undefined;

/** The bundle in `models/<bundle>/<file>`. */
const itemOfKey = (key: string): string => key.split('/')[1] ?? '';

function inputLost(
  repo: string,
  exam: string,
  { path, versionId }: FileEntry,
  code: 'missing-object' | 'corrupt-data',
  cause: unknown,
): ExamError {
  const what = code === 'missing-object' ? 'gone from the bucket' : 'damaged in the bucket';
  const message = `${path} of exam ${exam} in ${repo} is ${what} (version ${versionId}).`;
  if (repo !== 'exams') return new UpstreamLost(repo, code, message, exam, { cause });
  return new ExamError(code, message, 'Put the exam again.', undefined, { cause });
}

function storeOutput(
  dependencies: StageDependencies,
  stage: string,
  exam: string,
  folder: string,
  result: StageResult,
): Promise<FileEntry[]> {
  return concurrently(result.files, FILES_AT_ONCE, async (path) => {
    const file = await readLocalFile(join(folder, path));
    // What is there is read before it is taken for these bytes: it may be what this replaces.
    const stored = { repo: stage, item: exam, path, ...file, reread: true };
    return (await storeFile(dependencies.repository.store, stored)).entry;
  });
}
