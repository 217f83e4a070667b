import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NativeConnection, Worker } from '@temporalio/worker';
import { z } from 'zod';
import { openFileCache } from '../../activities/datum/file-cache.js';
import { createStageActivities } from '../../activities/datum/stage-activities.js';
import { createDeliveryActivities, type DeliveryDependencies } from '../../activities/delivery/delivery-activities.js';
import type { OpenIdentities } from '../../activities/inbox/pseudonym-key.js';
import { createTakeInActivities } from '../../activities/inbox/take-in-activities.js';
import { createControlActivities } from '../../activities/job/control-activities.js';
import { defineStage, type StageDefinition } from '../../activities/stage.js';
import type { InferencePool } from '../../inference/inference-pool.js';
import type { Services } from '../../infra/dev/services.js';
import { canonicalJson } from '../../pipeline/canonical-json.js';
import type { Commit } from '../../pipeline/commit.js';
import { eraDigest } from '../../pipeline/datum.js';
import { DELIVERY_QUEUE } from '../../pipeline/delivery.js';
import { ExamError, MammoflowError } from '../../pipeline/errors.js';
import { viewFile } from '../../pipeline/exam.js';
import { READ_STAGE } from '../../pipeline/exam-objects.js';
import { TASK_QUEUES } from '../../pipeline/graph.js';
import { type InboxSettings, inboxSettingsSchema } from '../../pipeline/inbox-settings.js';
import { type PipelineDocument, useForAll, useForNew } from '../../pipeline/pipeline-document.js';
import { storeFile } from '../../repos/committed-files.js';
import { sha256Hex } from '../../repos/hash.js';
import { readPipeline, writePipeline } from '../../repos/pipeline-repo.js';
import { type PutResult, putItems } from '../../repos/put-items.js';
import { type Repository, rootOf } from '../../repos/repository.js';
import { ROLES } from '../../workers/worker.js';
import { workflowBundle } from '../../workers/workflow-bundle.js';
import { openTestSystem, type TestSystem } from './system.js';

/*
 * Where the point is bookkeeping, the five real stages cost seconds an exam. These three do as little as a stage can:
 * real definitions, run by the real activities on real files, in milliseconds.
 *
 *   exams ─► measure ─► weigh (model) ─► report
 */

/**
 * Reads the exam's `scan.txt`, or measures its left CC view where there is none. A scan that says `bad` is an exam's own
 * error. `modulus` makes many scans measure alike.
 */
export const measure: StageDefinition = defineStage({
  name: 'measure',
  version: '1',
  resource: 'cpu',
  upstream: ['exams'],
  modelRoles: [],
  parameters: z.strictObject({ modulus: z.number().int().positive().default(1_000_000) }),
  async run(inputs, { modulus }, { outputFolder }) {
    const { 'scan.txt': text, [viewFile('L_CC')]: view } = inputs.files.exams ?? inputs.files[READ_STAGE] ?? {};
    const scan =
      text === undefined
        ? String(Number.parseInt(sha256Hex(await readFile(view as string)).slice(0, 8), 16))
        : await readFile(text, 'utf8');
    if (scan === 'bad')
      throw new ExamError('invalid-image', `The scan of exam ${inputs.exam} is bad.`, 'Scan it again.');
    await writeFile(join(outputFolder, 'measure.json'), JSON.stringify({ value: Number(scan) % modulus }));
    return { files: ['measure.json'] };
  },
});

/** Combines what was measured with the patch network's file. */
export const weigh: StageDefinition = defineStage({
  name: 'weigh',
  version: '1',
  resource: 'gpu',
  upstream: ['measure'],
  modelRoles: ['patch'],
  parameters: z.strictObject({ factor: z.number().default(1) }),
  async run(inputs, { factor }, { outputFolder }) {
    const { value } = JSON.parse(await readFile(inputs.files.measure?.['measure.json'] as string, 'utf8'));
    const model = await readFile(inputs.models.patch?.path as string, 'utf8');
    await writeFile(join(outputFolder, 'weight.json'), JSON.stringify({ weight: value * factor, model }));
    return { files: ['weight.json'] };
  },
});

export const report: StageDefinition = defineStage({
  name: 'report',
  version: '1',
  resource: 'cpu',
  upstream: ['measure', 'weigh'],
  modelRoles: [],
  parameters: z.strictObject({}),
  async run(inputs, _, { outputFolder }) {
    const weight = await readFile(inputs.files.weigh?.['weight.json'] as string, 'utf8');
    await writeFile(join(outputFolder, 'report.txt'), `${inputs.exam} ${sha256Hex(canonicalJson(weight))}\n`);
    return { files: ['report.txt'] };
  },
});

export const SMALL_STAGES: readonly StageDefinition[] = [measure, weigh, report];

/** A gate that no stage reads: it refuses a scan of 13. Hand it in beside the others. */
export const doubt: StageDefinition = defineStage({
  name: 'doubt',
  version: '1',
  resource: 'cpu',
  upstream: ['exams'],
  modelRoles: [],
  gate: true,
  parameters: z.strictObject({ refused: z.string().default('13') }),
  async run(inputs, { refused }, { outputFolder }) {
    const scan = await readFile(inputs.files.exams?.['scan.txt'] as string, 'utf8');
    if (scan === refused) throw new ExamError('quality-refused', `The scan of exam ${inputs.exam} is ${scan}.`);
    await writeFile(join(outputFolder, 'doubt.txt'), 'none\n');
    return { files: ['doubt.txt'] };
  },
});

const noInference: InferencePool = {
  lanes: 0,
  patchBatch: 0,
  executionProvider: 'none',
  prepare: () => undefined,
  run: async () => {
    throw new MammoflowError('inference-failed', 'the small stages have no networks');
  },
};

export interface SmallSystem extends TestSystem {
  /** How many datums were computed since the last call. */
  takeComputed(): number;
  /** `<exam> <stage>` of every datum computed so far, in the order in which they were. */
  readonly ran: readonly string[];
  /** The same of every datum begun, so those that failed are among them. */
  readonly begun: readonly string[];
  stopSmallWorkers(): Promise<void>;
  /** Workers of all roles, or of some; `atOnce` datums each at the same time. */
  startSmallWorkers(options?: {
    roles?: readonly (typeof ROLES)[number][];
    atOnce?: number;
    /** When the inbox is taken in. */
    inbox?: InboxSettings;
    /** Whose identities are given back, and with which credentials: a delivery worker, too. */
    delivery?: Pick<DeliveryDependencies, 'identities' | 'environment'>;
    /** The key of pseudonyms, for DICOM objects of the inbox. */
    identities?: OpenIdentities;
  }): Promise<void>;
  /** Commits one exam whose scan is the given text. */
  putScan(exams: readonly string[], scan: string, branch?: string): Promise<PutResult>;
  /** Takes a bundle of one model file that says its name into use. */
  useModel(name: string, which: 'all' | 'new', branch?: string): Promise<Commit | undefined>;
}

const details = { author: 'test', message: 'a step', by: { kind: 'put' } } as const;

async function scanFolder(folder: string, exam: string, scan: string) {
  const scans = join(folder, 'scans', `${exam}-${scan}`);
  await mkdir(scans, { recursive: true });
  await writeFile(join(scans, 'scan.txt'), scan);
  return { name: exam, files: [{ path: 'scan.txt', local: join(scans, 'scan.txt') }] };
}

/** Commits another pipeline document. @returns undefined when it is the same. */
export const editPipeline = (
  repository: Repository,
  branch: string,
  change: (document: PipelineDocument, sequence: number) => PipelineDocument,
): Promise<Commit | undefined> =>
  repository.commitOnto(branch, details, async (roots, sequence) => {
    const document = await readPipeline(repository, { roots });
    const root = rootOf({ roots }, 'pipeline');
    const pipeline = await writePipeline(repository, root, change(document, sequence), sequence);
    return pipeline.tree === root.tree ? undefined : { roots: { ...roots, pipeline } };
  });

/** A system whose workers run the small stages, or those given, in this process. */
export async function openSmallSystem(
  services?: Services,
  stages: readonly StageDefinition[] = SMALL_STAGES,
): Promise<SmallSystem> {
  const system = await openTestSystem(services);
  const { repository } = system.session;
  let computed = 0;
  const ran: string[] = [];
  const begun: string[] = [];
  const running: { workers: Worker[]; stopped: Promise<unknown>; connection: NativeConnection }[] = [];

  const small: SmallSystem = {
    ...system,
    takeComputed() {
      const count = computed;
      computed = 0;
      return count;
    },
    ran,
    begun,
    async startSmallWorkers({
      roles = ROLES,
      atOnce = 20,
      inbox = inboxSettingsSchema.parse({}),
      delivery,
      identities,
    } = {}) {
      const { address } = system.settings.temporal.connection;
      const connection = await NativeConnection.connect({ address });
      const common = { connection, namespace: system.settings.temporal.namespace };
      const client = await system.session.client();
      const cache = await openFileCache(repository.store, join(system.folder, 'cache', 'small'), 1e8);
      const stageActivities = createStageActivities({
        repository,
        stages,
        cache,
        provenance: { build: 'test' },
        async runStage(run, { signal, onProgress }) {
          const stage = stages.find(({ name }) => name === run.stage) as StageDefinition;
          begun.push(`${run.inputs.exam} ${run.stage}`);
          const result = await stage.run(run.inputs, stage.parameters.parse(run.parameters), {
            outputFolder: run.outputFolder,
            signal,
            progress: onProgress,
            inference: noInference,
          });
          computed += 1;
          ran.push(`${run.inputs.exam} ${run.stage}`);
          return result;
        },
      });
      const workers = await Promise.all(
        roles.map(async (role) =>
          Worker.create({
            ...common,
            taskQueue: TASK_QUEUES[role],
            ...(role === 'workflow'
              ? {
                  workflowBundle: await workflowBundle(),
                  activities: {
                    ...createControlActivities({ repository, client, stages }),
                    ...createTakeInActivities({
                      ...{ repository, client, stages, inbox },
                      objects: { open: identities, folder: join(system.folder, 'objects') },
                    }),
                  },
                }
              : { activities: { ...stageActivities }, maxConcurrentActivityTaskExecutions: atOnce }),
          }),
        ),
      );
      if (delivery !== undefined) {
        const activities = createDeliveryActivities({ repository, stages, ...delivery });
        workers.push(await Worker.create({ ...common, taskQueue: DELIVERY_QUEUE, activities: { ...activities } }));
      }
      running.push({ workers, stopped: Promise.all(workers.map((worker) => worker.run())), connection });
    },
    async stopSmallWorkers() {
      for (const { workers, stopped, connection } of running.splice(0)) {
        for (const worker of workers) worker.shutdown();
        await stopped;
        await connection.close();
      }
    },
    async putScan(exams, scan, branch = 'main') {
      const items = await Promise.all(exams.map((exam) => scanFolder(system.folder, exam, scan)));
      return putItems(repository, { branch, repo: 'exams', items, details });
    },
    async useModel(name, which, branch = 'main') {
      const body = Buffer.from(name);
      const sha256 = sha256Hex(body);
      const { entry } = await storeFile(repository.store, {
        repo: 'models',
        item: name,
        path: 'patch.onnx',
        body,
        sha256,
        size: body.byteLength,
      });
      const models = { patch: { file: entry, preprocessing: {} } };
      const era = { bundle: name, digest: eraDigest(models, sha256Hex), models };
      return editPipeline(repository, branch, (document, sequence) =>
        which === 'all' || document.eras.length === 0 ? useForAll(document, era) : useForNew(document, era, sequence),
      );
    },
    async close() {
      await small.stopSmallWorkers();
      await system.close();
    },
  };
  return small;
}
