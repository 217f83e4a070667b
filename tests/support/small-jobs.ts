import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openFileCache } from '../../activities/datum/file-cache.js';
import { runDatum } from '../../activities/datum/run-datum.js';
import { UpstreamLost } from '../../activities/datum/upstream-lost.js';
import type { StageRun } from '../../activities/dependencies.js';
import { openJobFiles } from '../../activities/job/job-files.js';
import { landResults } from '../../activities/job/land-results.js';
import { planJob } from '../../activities/job/plan-job.js';
import { recordOutcome } from '../../activities/job/record-outcome.js';
import { resolveKnown } from '../../activities/job/resolve-known.js';
import { settle } from '../../activities/job/settle.js';
import type { StageDefinition } from '../../activities/stage.js';
import { stages } from '../../activities/stages/index.js';
import type { S3Service } from '../../infra/dev/services.js';
import { MODEL_ROLES } from '../../pipeline/bundle.js';
import { canonicalJson, type Json } from '../../pipeline/canonical-json.js';
import type { Commit, CommitOrigin } from '../../pipeline/commit.js';
import { eraDigest } from '../../pipeline/datum.js';
import { ExamError } from '../../pipeline/errors.js';
import { type GraphNode, type JobSummary, processCommitInputSchema, type StageReport } from '../../pipeline/job.js';
import { type EraModels, type PipelineDocument, useForAll } from '../../pipeline/pipeline-document.js';
import { LABELS } from '../../pipeline/predictions.js';
import { CHECKING_STAGE_NAMES } from '../../pipeline/quality-report.js';
import { sha256Hex } from '../../repos/hash.js';
import { writeJson } from '../../repos/json-objects.js';
import { jobSummaryKey } from '../../repos/layout.js';
import { readPipeline, writePipeline } from '../../repos/pipeline-repo.js';
import { putItems } from '../../repos/put-items.js';
import { type Repository, rootOf } from '../../repos/repository.js';
import { details, storeText, withRepository } from './repository.js';
import { withTemporaryFolder } from './temporary-folder.js';

/** What a stage writes in place of pixels and networks: files by name, and the summary that classify has. */
export interface SmallOutput {
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly summary?: Json;
}

/** Jobs with the product's own planning, records, outcomes and landing, where only what stages compute is tiny. */
export interface SmallJobs {
  readonly repository: Repository;
  readonly s3: S3Service;
  /** Exams of one text file each, in one commit. */
  putExams(texts: Readonly<Record<string, string>>, path?: string): Promise<Commit>;
  putExam(name: string, text: string): Promise<Commit>;
  /** Every exam uses this bundle from now on; each file holds the text of its role, or the bundle's name. */
  useBundle(bundle: string, texts?: Partial<Record<(typeof MODEL_ROLES)[number], string>>): Promise<Commit>;
  editPipeline(edit: (document: PipelineDocument) => PipelineDocument, by?: CommitOrigin): Promise<Commit>;
  setParameters(stage: string, parameters: Record<string, number | number[]>): Promise<Commit>;
  /** Empties the worker's disk cache, so that what a stage reads comes from the bucket. */
  forgetLocalCopies(): Promise<void>;
  /** A whole job: plans, computes, records, lands and settles. Returns the branch's newest commit. */
  process(job: string, only?: 'affected' | 'failed' | 'all' | string[]): Promise<Commit>;
}

/** What a stage computes: by default a text that depends on everything that it gets. */
export type SmallStage = (run: StageRun, everything: string) => SmallOutput;

export async function withSmallJobs(
  use: (jobs: SmallJobs) => Promise<void>,
  options: { readonly stage?: SmallStage; readonly definitions?: readonly StageDefinition[] } = {},
): Promise<void> {
  const { stage = smallStage, definitions = stages } = options;
  await withTemporaryFolder((folder) =>
    withRepository(async (repository, s3) => {
      const { store } = repository;
      const dependencies = {
        repository,
        stages: definitions,
        cache: await openFileCache(store, join(folder, 'cache'), 1e8),
        provenance: { build: 'build-1', host: 'host-1', role: 'cpu' },
        async runStage(run: StageRun) {
          const { files, summary } = stage(run, await everythingIn(run));
          for (const [name, body] of Object.entries(files)) await writeFile(join(run.outputFolder, name), body);
          // Pictures of a few bytes have nothing that could be warned of.
          const checks = CHECKING_STAGE_NAMES.some((name) => name === run.stage);
          const checked = checks ? { verdict: 'ok', warnings: [] } : undefined;
          const headline = summary ?? checked;
          return { files: Object.keys(files), ...(headline === undefined ? {} : { summary: headline }) };
        },
      };
      const newest = async (): Promise<Commit> => (await repository.head('main')) as Commit;
      const jobs: SmallJobs = {
        repository,
        s3,
        async putExams(texts, path = 'L_CC.png') {
          await mkdir(join(folder, 'exams'), { recursive: true });
          const items = await Promise.all(
            Object.entries(texts).map(async ([name, text]) => {
              const local = join(folder, 'exams', name);
              await writeFile(local, text);
              return { name, files: [{ path, local }] };
            }),
          );
          await putItems(repository, { branch: 'main', repo: 'exams', items, details });
          return newest();
        },
        putExam: (name, text) => jobs.putExams({ [name]: text }),
        async useBundle(bundle, texts = {}) {
          const models: EraModels = {};
          for (const role of MODEL_ROLES) {
            const file = await storeText(store, 'models', bundle, `${role}.onnx`, `${role} ${texts[role] ?? bundle}`);
            models[role] = { file, preprocessing: { standardise: 'window' } };
          }
          return jobs.editPipeline((document) =>
            useForAll(document, { bundle, digest: eraDigest(models, sha256Hex), models }),
          );
        },
        async editPipeline(edit, by = { kind: 'models' }) {
          await repository.commitOnto('main', { ...details, by }, async (roots, sequence) => {
            const next = edit(await readPipeline(repository, { roots }));
            const pipeline = await writePipeline(repository, rootOf({ roots }, 'pipeline'), next, sequence);
            return { roots: { ...roots, pipeline } };
          });
          return newest();
        },
        setParameters: (name, parameters) =>
          jobs.editPipeline((document) => ({ ...document, stages: { ...document.stages, [name]: { parameters } } }), {
            kind: 'stage',
          }),
        async forgetLocalCopies() {
          await rm(join(folder, 'cache', 'files'), { recursive: true, force: true });
        },
        async process(job, only = 'affected') {
          const settings = processCommitInputSchema.parse({ only });
          const plan = await planJob(repository, definitions, { job, run: job }, settings, () => undefined);
          const files = openJobFiles(store);
          const pages = Array.from({ length: plan.pages }, (_, page) => page);
          const { rest } = await resolveKnown(repository, definitions, files, job, pages);
          const processExam = async ({ exam, page }: { exam: string; page: number }): Promise<void> => {
            const reports: Record<string, StageReport> = {};
            for (const node of plan.graph) reports[node.name] = await runSmall(node, reports, { job, page, exam });
            await recordOutcome(repository, files, { job, page, exam, stages: reports });
          };
          await Promise.all(rest.map(processExam));
          if (rest.length > 0) {
            await landResults(
              repository,
              definitions,
              job,
              'main',
              rest.map(({ exam }) => exam),
            );
          }
          await settle(repository, definitions, job, 'main');
          const commit = await newest();
          const none = { processed: 0, skipped: 0, failed: 0 };
          const summary: JobSummary = {
            job,
            status: 'completed',
            branch: 'main',
            commit: commit.id,
            exams: none,
            total: 0,
            stages: {},
            bundles: [],
            dropped: 0,
          };
          await writeJson(store, jobSummaryKey(job), summary as unknown as Json);
          return commit;

          async function runSmall(
            node: GraphNode,
            reports: Readonly<Record<string, StageReport>>,
            datum: { job: string; page: number; exam: string },
            mend = false,
          ): Promise<StageReport> {
            if ((node.after ?? []).some((gate) => reports[gate]?.datum === undefined)) return { status: 'blocked' };
            const upstream: Record<string, string> = {};
            for (const name of node.upstream) {
              const key = reports[name]?.datum;
              if (key === undefined) return { status: 'blocked' };
              upstream[name] = key;
            }
            try {
              const request = { ...datum, stage: node.name, upstream, ...(mend ? { mend } : {}) };
              const signal = new AbortController().signal;
              const result = await runDatum(dependencies, files, request, signal, () => undefined);
              return { status: result.computed ? 'computed' : 'skipped', datum: result.datum };
            } catch (error) {
              if (!(error instanceof ExamError)) throw error;
              // As the workflow does.
              const lost = error instanceof UpstreamLost && plan.graph.find(({ name }) => name === error.upstream);
              if (lost) {
                const mended = await runSmall(lost, reports, datum, true);
                if (mended.status !== 'failed') return runSmall(node, reports, datum, mend);
              }
              return { status: 'failed', reason: error.sentence };
            }
          }
        },
      };
      await use(jobs);
    }),
  );
}

/** All that a stage gets, as one text: parameters, model files and the content of every input file. */
async function everythingIn({ inputs, parameters }: StageRun): Promise<string> {
  const files: Record<string, string> = {};
  for (const [repo, paths] of Object.entries(inputs.files)) {
    for (const [path, local] of Object.entries(paths)) files[`${repo}/${path}`] = await readFile(local, 'latin1');
  }
  const models = Object.fromEntries(Object.entries(inputs.models).map(([role, model]) => [role, model.sha256]));
  return canonicalJson({ parameters, models, files });
}

/** Writes the hash of everything it gets, so that another input gives another output; classify predicts from it. */
export const smallStage: SmallStage = ({ stage, inputs }, everything) => {
  const hash = sha256Hex(everything);
  if (stage !== 'classify') return { files: { 'output.txt': hash } };
  const predictions = smallPredictions(inputs.exam, hash);
  return { files: { 'predictions.json': canonicalJson(predictions) }, summary: predictions };
};

/** Eight probabilities out of a hash. */
export function smallPredictions(exam: string, hash: string): Json {
  const values = Array.from(
    { length: 8 },
    (_, index) => Number.parseInt(hash.slice(2 * index, 2 * index + 2), 16) / 255,
  );
  const labels = (from: number) => Object.fromEntries(LABELS.map((label, index) => [label, values[from + index] ?? 0]));
  return { exam, image: labels(0), imageheatmaps: labels(4) };
}
