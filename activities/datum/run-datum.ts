import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson } from '../../pipeline/canonical-json.js';
import type { FileEntry } from '../../pipeline/commit.js';
import { type DatumRecord, datumKey, datumKeyDocument, labelsOf } from '../../pipeline/datum.js';
import { ExamError, MammoflowError } from '../../pipeline/errors.js';
import type { StageNode } from '../../pipeline/graph.js';
import type { PlannedExam } from '../../pipeline/job.js';
import type { Era, EraModels } from '../../pipeline/pipeline-document.js';
import { QUALITY_STAGE, qualitySummarySchema } from '../../pipeline/quality-report.js';
import { storeFile } from '../../repos/committed-files.js';
import { findDatumRecord, readDatumRecord, replaceDatumRecord, writeDatumRecord } from '../../repos/datum-records.js';
import { erasedOn, isErased, readErasure } from '../../repos/erasures.js';
import { sha256Hex } from '../../repos/hash.js';
import { readLocalFile } from '../../repos/local-file.js';
import type { StageDependencies, StageRun } from '../dependencies.js';
import type { JobFiles } from '../job/job-files.js';
import type { LocalModel, StageInputs, StageProgress, StageResult } from '../stage.js';
import type { CachedFile } from './file-cache.js';

/** One datum of one job: a stage applied to an exam, with the datums it builds on. */
export interface DatumRequest {
  readonly job: string;
  readonly page: number;
  readonly exam: string;
  readonly stage: string;
  /** Datum keys of the upstream stages. */
  readonly upstream: Readonly<Record<string, string>>;
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
 * what it wrote and records it. A record that names a file which the bucket has lost is as good as none, and replaced.
 *
 * @throws ExamError when the exam's own data is at fault, gone from the bucket or erased; MammoflowError
 *   `stage-unavailable` when this worker has another version of the stage than the pipeline wants.
 */
export async function runDatum(
  dependencies: StageDependencies,
  jobs: JobFiles,
  request: DatumRequest,
  signal: AbortSignal,
  onProgress: (progress: StageProgress) => void,
): Promise<DatumResult> {
  const { store } = dependencies.repository;
  const settings = await jobs.settings(request.job);
  const planned = await jobs.exam(request.job, request.page, request.exam);
  const node = nodeNamed(settings.graph, request.stage);
  const models = modelsOf(settings.eras[planned.era], node);
  const inputs = await inputFiles(dependencies, node, planned, request);
  const era = settings.eras[planned.era];
  const names = {
    bundle: era?.bundle ?? '',
    accepted: (planned.accepted ?? []).join(','),
    reference: era?.reference === undefined ? '' : canonicalJson(era.reference),
  };
  const document = datumKeyDocument(node, request.exam, models, inputs, names);
  const key = datumKey(document, sha256Hex);

  const known = await findDatumRecord(store, node.name, request.exam, key);
  const lost = known && (await firstLost(dependencies, known.record.files));
  if (known !== undefined && lost === undefined)
    return { datum: key, computed: false, job: known.record.job, ...warningCodes(known.record) };
  const replaced = lost && `version ${lost.versionId} of ${lost.key} was gone from the bucket`;

  requireVersion(dependencies, node);
  // By the bucket's clock: that of a worker may be days ahead, and nobody would notice.
  const now = (): string => new Date(store.serverTime()).toISOString();
  const startedAt = now();
  const outputFolder = await dependencies.cache.temporaryFolder();
  const held: CachedFile[] = [];
  try {
    const local = await fetchInputs(dependencies, request.exam, inputs, models, held).catch(async (error) => {
      await refuseErased(dependencies, planned);
      throw error;
    });
    const result = await dependencies.runStage(
      {
        stage: node.name,
        inputs: { ...local, labels: labelsOf(node, names) },
        parameters: node.parameters as StageRun['parameters'],
        outputFolder,
      },
      { signal, onProgress },
    );
    signal.throwIfAborted();
    // Last, because what is stored after an erasure has looked for the last time would stay.
    await refuseErased(dependencies, planned);
    const files = await storeOutput(dependencies, node.name, request.exam, outputFolder, result);
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
        ...(replaced === undefined ? {} : { replaced }),
      } as DatumRecord['provenance'],
      startedAt,
      finishedAt: now(),
    };
    const written =
      known === undefined ? await writeDatumRecord(store, record) : await replaceDatumRecord(store, record, known.etag);
    return {
      datum: key,
      computed: true,
      job: written.job,
      ...(replaced === undefined ? {} : { replaced }),
      ...warningCodes(written),
    };
  } catch (error) {
    throw dependencies.cache.explained(error);
  } finally {
    for (const file of held) file.release();
    await rm(outputFolder, { recursive: true, force: true });
  }
}

function warningCodes({ document, summary }: DatumRecord): { warnings?: readonly string[] } {
  if (document.stage !== QUALITY_STAGE) return {};
  const warnings = qualitySummarySchema.safeParse(summary).data?.warnings ?? [];
  return warnings.length === 0 ? {} : { warnings: [...new Set(warnings.map(({ code }) => code))].sort() };
}

/** The first of some files whose version is gone. */
async function firstLost(
  { repository }: StageDependencies,
  files: readonly FileEntry[],
): Promise<FileEntry | undefined> {
  const heads = await Promise.all(files.map(({ key, versionId }) => repository.store.head(key, versionId)));
  return files.find((_, index) => heads[index] === undefined);
}

/** An exam erased while a job had it is not brought back, neither from a cache nor by a stage that was running. */
async function refuseErased({ repository }: StageDependencies, { exam, files }: PlannedExam): Promise<void> {
  const erasure = await readErasure(repository.store, exam);
  if (erasure === undefined || !isErased(erasure, files)) return;
  throw new ExamError('missing-object', `Exam ${exam}: ${erasedOn(erasure)}`, 'Put it again if that was a mistake.');
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
    const record =
      key === undefined ? undefined : await readDatumRecord(dependencies.repository.store, repo, request.exam, key);
    if (record === undefined) {
      throw upstreamLost(`The record of ${repo} for exam ${request.exam} is gone from the bucket.`, request.exam);
    }
    inputs[repo] = record.files;
  }
  return inputs;
}

/** Waiting would not bring it back: the stage before has to run again, which naming the exam does. */
const upstreamLost = (message: string, exam: string, cause?: unknown): ExamError =>
  new ExamError('missing-object', message, `Run \`mammoflow process --only ${exam}\`.`, undefined, { cause });

async function fetchInputs(
  dependencies: StageDependencies,
  exam: string,
  inputs: Readonly<Record<string, readonly FileEntry[]>>,
  models: EraModels,
  held: CachedFile[],
): Promise<StageInputs> {
  const fetchFile = async (entry: FileEntry): Promise<string> => {
    const file = await dependencies.cache.get(entry);
    held.push(file);
    return file.path;
  };
  const files: Record<string, Record<string, string>> = {};
  for (const [repo, entries] of Object.entries(inputs)) {
    const fetchInput = (entry: FileEntry): Promise<string> =>
      fetchFile(entry).catch((error) => {
        throw error instanceof MammoflowError && error.code === 'missing-object'
          ? inputLost(repo, exam, entry, error)
          : error;
      });
    const paths = await Promise.all(entries.map(async (entry) => [entry.path, await fetchInput(entry)] as const));
    files[repo] = Object.fromEntries(paths);
  }
  const localModels: Record<string, LocalModel> = {};
  for (const [role, model] of Object.entries(models)) {
    localModels[role] = {
      path: await fetchFile(model.file),
      sha256: model.file.sha256,
      preprocessing: model.preprocessing as LocalModel['preprocessing'],
    };
  }
  return { exam, files, models: localModels };
}

function inputLost(repo: string, exam: string, entry: FileEntry, cause: unknown): ExamError {
  const message = `${entry.path} of exam ${exam} in ${repo} is gone from the bucket (version ${entry.versionId}).`;
  if (repo !== 'exams') return upstreamLost(message, exam, cause);
  return new ExamError('missing-object', message, 'Put the exam again.', undefined, { cause });
}

function storeOutput(
  dependencies: StageDependencies,
  stage: string,
  exam: string,
  folder: string,
  result: StageResult,
): Promise<FileEntry[]> {
  return Promise.all(
    result.files.map(async (path) => {
      const file = await readLocalFile(join(folder, path));
      return (await storeFile(dependencies.repository.store, { repo: stage, item: exam, path, ...file })).entry;
    }),
  );
}
