import { filesDigest } from '../../pipeline/acceptance.js';
import { canonicalJson, type Json } from '../../pipeline/canonical-json.js';
import type { Commit, CommitOrigin, FileEntry, InputItem, OutcomeItem, StageItem } from '../../pipeline/commit.js';
import type { DatumKeyDocument, DatumRecord } from '../../pipeline/datum.js';
import { MammoflowError } from '../../pipeline/errors.js';
import type { View } from '../../pipeline/exam.js';
import { graphFor, isOfObjects, READ_STAGE } from '../../pipeline/exam-objects.js';
import { precedingStages, type StageNode } from '../../pipeline/graph.js';
import { type ExamOutcome, type JobSettings, jobSettingsSchema, type StageStatus } from '../../pipeline/job.js';
import { type QualityWarning, recordedWarnings } from '../../pipeline/quality-report.js';
import type { StageDeclaration } from '../../pipeline/stage.js';
import { wantsOf } from '../../planning/wants.js';
import { readAcceptanceReason } from '../../repos/acceptance-reasons.js';
import { findDatumRecord } from '../../repos/datum-records.js';
import { erasedOn, isErased, readErasure } from '../../repos/erasures.js';
import { readJobOutcome } from '../../repos/exam-outcomes.js';
import { sha256Hex } from '../../repos/hash.js';
import { readJson } from '../../repos/json-objects.js';
import { jobSettingsKey } from '../../repos/layout.js';
import { readPipeline } from '../../repos/pipeline-repo.js';
import { type Repository, rootOf } from '../../repos/repository.js';
import { type DatumChange, datumChanges, describeChanges, splitInput } from './datum-changes.js';
import { type ExamHistory, examHistory } from './exam-history.js';

/** A file that a datum read. Without key and version where the bucket has nothing left with these bytes. */
export interface SourceFile {
  readonly repo: string;
  readonly path: string;
  readonly sha256: string;
  readonly key?: string;
  readonly versionId?: string;
}

/** A model file that a datum read, and the bundle it came from. */
export interface SourceModel {
  readonly role: string;
  readonly sha256: string;
  readonly bundle?: string;
  readonly path?: string;
  readonly key?: string;
  readonly versionId?: string;
}

/** What became of one stage of an exam in the job that brought its results, why, and from what. */
export interface StageExplanation {
  readonly stage: string;
  readonly status: StageStatus;
  /** Phrases for people. */
  readonly why: readonly string[];
  /** The differences to the previous datum of this stage and exam, where there was one. */
  readonly changes?: readonly DatumChange[];
  readonly version?: string;
  /** Parameters that differ from this build's defaults. */
  readonly parameters?: Readonly<Record<string, Json>>;
  readonly datum?: string;
  readonly inputs: readonly SourceFile[];
  readonly models: readonly SourceModel[];
  readonly files: readonly FileEntry[];
  /** The job that computed it, which for a skipped stage is an earlier one. */
  readonly job?: string;
  /** Worker build, host, execution provider and the like. */
  readonly provenance?: Readonly<Record<string, Json>>;
  /** What a quality stage warns of. */
  readonly warnings?: readonly QualityWarning[];
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly seconds?: number;
}

export interface ExamExplanation {
  readonly exam: string;
  readonly commit: { readonly id: string; readonly sequence: number; readonly time: string };
  /**
   * `waiting`: no results that belong to the exam as it is wanted; there may be some from before. An exam that was erased
   * since is `failed`, as in `results`.
   */
  readonly outcome: 'processed' | 'failed' | 'waiting';
  readonly reason?: string;
  readonly bundle?: string;
  readonly job?: string;
  /** The commit that brought these results, and what made it. */
  readonly landed?: {
    readonly commit: string;
    readonly sequence: number;
    readonly time: string;
    readonly by: CommitOrigin;
  };
  /** The exam's files, and the sequence of the commit in which they last changed. */
  readonly files: readonly FileEntry[];
  readonly since: number;
  /** What people let it pass. */
  readonly accepted: readonly ExplainedAcceptance[];
  /** In the order of the graph. */
  readonly stages: readonly StageExplanation[];
  /** How far the history was followed; not `complete` when it ended at its limit. */
  readonly history: { readonly commits: number; readonly complete: boolean };
}

/** That a person lets the exam pass a quality check, as its files are. */
export interface ExplainedAcceptance {
  readonly check: string;
  readonly view?: View;
  readonly author: string;
  readonly time: string;
  /** Absent where it was erased. */
  readonly reason?: string;
}

export interface ExplainOptions {
  /** As in `listResults`. */
  readonly asOf?: 'now' | 'then';
  /** Commits to walk back at most. */
  readonly depth?: number;
}

/** Each costs a request; enough for several days of a group that commits a few dozen times a day. */
export const DEFAULT_DEPTH = 300;

/**
 * How an exam came to its results at a commit: what each stage did, why, and from which object versions, model files,
 * parameters and code. The reason is found by comparing what a datum was made from with the previous datum of the stage.
 * @throws MammoflowError `not-found` when the commit has no such exam.
 */
export async function explainExam(
  repository: Repository,
  definitions: readonly StageDeclaration[],
  commit: Commit,
  exam: string,
  { asOf = 'now', depth = DEFAULT_DEPTH }: ExplainOptions = {},
): Promise<ExamExplanation> {
  const input = await repository.inputs.get(rootOf(commit, 'exams'), exam);
  if (input === undefined) {
    throw new MammoflowError(
      'not-found',
      `Commit ${commit.id.slice(0, 12)} has no exam ${exam}.`,
      `See \`mammoflow ls exams@${commit.id.slice(0, 12)}\`.`,
    );
  }
  const history = await examHistory(repository, commit, exam, depth);
  const { outcome, landing } = history;
  const state = await stateOf(repository, definitions, commit, input, history, asOf);
  return {
    exam,
    commit: { id: commit.id, sequence: commit.sequence, time: commit.time },
    ...state,
    ...(outcome === undefined ? {} : { bundle: outcome.bundle, job: outcome.job }),
    ...(landing === undefined
      ? {}
      : { landed: { commit: landing.id, sequence: landing.sequence, time: landing.time, by: landing.by } }),
    files: input.files,
    since: input.since,
    accepted: await explainAcceptances(repository, commit, input),
    stages: outcome === undefined ? [] : await explainStages(repository, definitions, input, history),
    history: { commits: history.commits, complete: history.complete },
  };
}

async function explainAcceptances(
  repository: Repository,
  commit: Commit,
  input: InputItem,
): Promise<ExplainedAcceptance[]> {
  const { accepted } = await readPipeline(repository, commit);
  const digest = filesDigest(input.files, sha256Hex);
  const own = (accepted?.[input.name] ?? []).filter(({ files }) => files === digest);
  return Promise.all(
    own.map(async ({ check, view, author, time, reasonId, reason: kept }) => {
      const reason = reasonId === undefined ? kept : await readAcceptanceReason(repository.store, input.name, reasonId);
      return { check, ...(view && { view }), author, time, ...(reason === undefined ? {} : { reason }) };
    }),
  );
}

async function stateOf(
  repository: Repository,
  definitions: readonly StageDeclaration[],
  commit: Commit,
  input: InputItem,
  { outcome }: ExamHistory,
  asOf: 'now' | 'then',
): Promise<{ outcome: ExamExplanation['outcome']; reason?: string }> {
  const erasure = await readErasure(repository.store, input.name);
  if (erasure !== undefined && isErased(erasure, input.files)) return { outcome: 'failed', reason: erasedOn(erasure) };
  const wants = await wantsOf(repository, definitions, commit);
  if (wants.document.eras.length === 0) return { outcome: 'waiting', reason: 'No model bundle is in use.' };
  if (outcome === undefined) return { outcome: 'waiting', reason: 'Not processed yet.' };
  const era = wants.eraOf(input);
  if (outcome.wanted === wants.wantedOf(input, asOf === 'then' ? outcome.graph : undefined)) {
    return { outcome: outcome.outcome, ...(outcome.reason === undefined ? {} : { reason: outcome.reason }) };
  }
  const other = outcome.bundle === era.bundle ? 'other stages or parameters' : `bundle ${outcome.bundle}`;
  return { outcome: 'waiting', reason: `Its results were made with ${other} than is wanted now.` };
}

/** What explaining the stages of one exam needs to know of all of them. */
interface StageContext {
  readonly history: ExamHistory;
  readonly statuses: ReadonlyMap<string, StageStatus>;
  readonly settingsOf: (job: string) => Promise<JobSettings | undefined>;
  readonly definitions: readonly StageDeclaration[];
  readonly input: InputItem;
}

async function explainStages(
  repository: Repository,
  definitions: readonly StageDeclaration[],
  input: InputItem,
  history: ExamHistory,
): Promise<StageExplanation[]> {
  const { outcome, items, landing } = history;
  if (outcome === undefined) return [];
  const settings = new Map<string, Promise<JobSettings | undefined>>();
  const settingsOf = (job: string): Promise<JobSettings | undefined> => {
    const known = settings.get(job) ?? readJson(repository.store, jobSettingsKey(job), jobSettingsSchema);
    settings.set(job, known as Promise<JobSettings | undefined>);
    return known as Promise<JobSettings | undefined>;
  };
  const planned = (await settingsOf(outcome.job))?.graph;
  const graph = planned && graphFor(planned, isOfObjects(input.files));
  const order = graph?.map((node) => node.name) ?? declaredStages(definitions, input);
  const names = [...order, ...[...items.keys()].filter((stage) => !order.includes(stage))];
  // Results that were known when they were wanted again keep the name of the job that had made them, and the job that
  // brought them back computed nothing.
  const brought = landing === undefined || (landing.by.kind === 'job' && landing.by.job === outcome.job);
  const recorded = brought ? await readJobOutcome(repository.store, outcome.job, input.name) : undefined;
  const statuses = new Map(names.map((stage) => [stage, statusOf(stage, history, brought, recorded)] as const));
  const context: StageContext = { history, statuses, settingsOf, definitions, input };
  return Promise.all(
    names.map((stage) => {
      const node = graph?.find((candidate) => candidate.name === stage);
      const item = items.get(stage);
      return item === undefined ? withoutDatum(stage, node, context) : withDatum(repository, stage, item, context);
    }),
  );
}

const declaredStages = (definitions: readonly StageDeclaration[], { files }: InputItem): string[] =>
  definitions.map(({ name }) => name).filter((name) => name !== READ_STAGE || isOfObjects(files));

/** From the job's own account where there is one, otherwise from what the tree tells. */
function statusOf(
  stage: string,
  { items, outcome }: ExamHistory,
  brought: boolean,
  recorded: ExamOutcome | undefined,
): StageStatus {
  const told = recorded?.statuses[stage];
  if (told !== undefined) return told;
  const item = items.get(stage);
  if (item === undefined) return outcome?.stage === stage ? 'failed' : 'blocked';
  return brought && item.job === outcome?.job ? 'computed' : 'skipped';
}

/** A stage that failed, or that could not run because one before it did. */
function withoutDatum(
  stage: string,
  node: StageNode | undefined,
  { history: { outcome }, statuses, definitions }: StageContext,
): StageExplanation {
  const status = statuses.get(stage) ?? 'blocked';
  const why = status === 'failed' ? failureOf(stage, outcome) : blockersOf(node, statuses);
  const parameters = node === undefined ? undefined : departures(definitions, stage, node.parameters as Json);
  return {
    stage,
    status,
    why,
    ...(node === undefined ? {} : { version: node.version }),
    ...(parameters === undefined ? {} : { parameters }),
    inputs: [],
    models: [],
    files: [],
  };
}

/** An outcome holds the sentence of one failed stage. */
const failureOf = (stage: string, outcome: OutcomeItem | undefined): string[] =>
  outcome?.stage === stage && outcome.reason !== undefined ? [outcome.reason] : [];

/** The stages directly before this one that failed, so that it had nothing to read or as its gate; else those that were blocked. */
function blockersOf(node: StageNode | undefined, statuses: ReadonlyMap<string, StageStatus>): string[] {
  const before = node === undefined ? [] : precedingStages(node);
  const failed = before.filter((name) => statuses.get(name) === 'failed').map((name) => `${name} failed`);
  if (failed.length > 0) return failed;
  return before.filter((name) => statuses.get(name) === 'blocked').map((name) => `${name} was blocked`);
}

async function withDatum(
  repository: Repository,
  stage: string,
  item: StageItem,
  context: StageContext,
): Promise<StageExplanation> {
  const status = context.statuses.get(stage) ?? 'skipped';
  const base = { stage, status, datum: item.datum, files: item.files, job: item.job };
  const found = await findDatumRecord(repository.store, stage, item.name, item.datum);
  const record = found?.record;
  if (record === undefined) {
    const what = found === undefined ? 'gone from the bucket' : 'damaged';
    // Of an exam that was erased nothing comes back.
    const erasure = await readErasure(repository.store, item.name);
    const isGone = erasure !== undefined && isErased(erasure, item.files);
    const next = isGone ? '.' : `: run \`mammoflow process --only ${item.name}\`.`;
    const why = [`The record of how it was made is ${what}${next}`];
    return { ...base, why, inputs: [], models: [] };
  }
  const { document } = record;
  const settings = await context.settingsOf(record.job);
  const seconds = (Date.parse(record.finishedAt) - Date.parse(record.startedAt)) / 1_000;
  return {
    ...base,
    ...(await reasonOf(repository, stage, item, status, record, context)),
    version: document.version,
    parameters: departures(context.definitions, stage, document.parameters as Json),
    inputs: Object.entries(document.inputs).map(([name, sha256]) => sourceFile(name, sha256, context)),
    models: Object.entries(document.models).map(([role, { sha256 }]) => sourceModel(role, sha256, settings, context)),
    ...warningsOf(record),
    provenance: record.provenance as Readonly<Record<string, Json>>,
    startedAt: record.startedAt,
    finishedAt: record.finishedAt,
    seconds,
  };
}

function warningsOf(record: DatumRecord): { warnings?: readonly QualityWarning[] } {
  const warnings = recordedWarnings(record);
  return warnings.length === 0 ? {} : { warnings };
}

async function reasonOf(
  repository: Repository,
  stage: string,
  item: StageItem,
  status: StageStatus,
  record: DatumRecord,
  { history }: StageContext,
): Promise<{ why: string[]; changes?: DatumChange[] }> {
  const { replaced } = record.provenance;
  const notes = [
    ...(status === 'skipped' ? [`recorded by job ${item.job}`] : []),
    ...(replaced === undefined ? [] : [`made again by job ${item.job}, as ${String(replaced)}`]),
  ];
  const previous = history.previous.get(stage);
  if (previous === undefined) return { why: [firstReason(history), ...notes] };
  if (previous.datum === item.datum) {
    if (status !== 'skipped') return { why: ['computed again from the same as before', ...notes] };
    const again = rewritten(record, history);
    const cutOff = again.length === 0 ? [] : [`${again.join(', ')} ran again and wrote the same bytes`];
    return { why: [`same as before: ${notes.join(', ')}`, ...cutOff] };
  }
  const before = (await findDatumRecord(repository.store, stage, item.name, previous.datum))?.record;
  if (before === undefined) return { why: ['something changed, but the record of what it was is gone', ...notes] };
  const changes = datumChanges(before.document as DatumKeyDocument, record.document as DatumKeyDocument);
  return { why: [...describeChanges(changes), ...notes], changes };
}

function firstReason({ complete, hadOutcome, commits }: ExamHistory): string {
  if (!complete) return `no earlier result in the last ${commits} commits`;
  return hadOutcome ? 'the first result of this stage for the exam' : 'new exam';
}

/** Upstream stages whose datum is another one now, although the files this stage reads of them are as before. */
const rewritten = ({ document }: DatumRecord, { items, previous }: ExamHistory): string[] =>
  [...new Set(Object.keys(document.inputs).map((name) => splitInput(name).repo))].filter(
    (repo) => items.has(repo) && previous.has(repo) && items.get(repo)?.datum !== previous.get(repo)?.datum,
  );

/** Parameters that are not as this build's defaults have them; all of them for a stage it does not know. */
function departures(definitions: readonly StageDeclaration[], stage: string, parameters: Json): Record<string, Json> {
  const defaults = definitions.find(({ name }) => name === stage)?.parameters.safeParse({}).data as
    | Readonly<Record<string, Json>>
    | undefined;
  return Object.fromEntries(
    Object.entries(parameters as Readonly<Record<string, Json>>).filter(([name, value]) => {
      const standard = defaults?.[name];
      return standard === undefined || canonicalJson(standard) !== canonicalJson(value);
    }),
  );
}

/** All stages of an exam land together, so what a datum read lies beside it in the same commit. */
function sourceFile(name: string, sha256: string, { input, history: { items } }: StageContext): SourceFile {
  const { repo, path } = splitInput(name);
  const files = repo === 'exams' ? input.files : items.get(repo)?.files;
  const entry = files?.find((file) => file.path === path && file.sha256 === sha256);
  return { repo, path, sha256, ...(entry === undefined ? {} : { key: entry.key, versionId: entry.versionId }) };
}

/** The file as the job that computed the datum had it pinned. Bundles may share a file; the exam's own comes first. */
function sourceModel(
  role: string,
  sha256: string,
  settings: JobSettings | undefined,
  { history: { outcome } }: StageContext,
): SourceModel {
  const found = (settings?.eras ?? []).flatMap(({ bundle, models }) => {
    const file = Object.values(models).find((model) => model?.file.sha256 === sha256)?.file;
    return file === undefined ? [] : [{ bundle, path: file.path, key: file.key, versionId: file.versionId }];
  });
  return { role, sha256, ...(found.find(({ bundle }) => bundle === outcome?.bundle) ?? found[0]) };
}
