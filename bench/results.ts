import { parseArgs } from 'node:util';
import pLimit from 'p-limit';
import { stages } from '../activities/stages/index.js';
import { streamResults } from '../api/reading/list-results.js';
import { type Commit, type FileEntry, OUTCOMES, type OutcomeItem, type StageItem } from '../pipeline/commit.js';
import type { DatumRecord } from '../pipeline/datum.js';
import { VIEWS, viewFile } from '../pipeline/exam.js';
import { LABELS, type LabelProbabilities, PREDICTIONS_JSON, predictionsSchema } from '../pipeline/predictions.js';
import { inBatches } from '../planning/batches.js';
import { wantsOf } from '../planning/wants.js';
import { storeFile } from '../repos/committed-files.js';
import { readDatumRecord, writeDatumRecord } from '../repos/datum-records.js';
import { openErasures } from '../repos/erasures.js';
import { sha256Hex } from '../repos/hash.js';
import { openRepository, type Repository, type Roots, rootOf } from '../repos/repository.js';
import { openObjectStore } from '../repos/s3/open-object-store.js';
import { freshBucket, stopTestServices } from '../tests/support/services.js';
import { editPipeline } from '../tests/support/small-system.js';

/*
 * What listing results costs: `npm run bench:results`. A bucket with many exams that have results, made by the real
 * writers; then all of them are listed with a request an exam, as builds before 0.2 did, and as `mammoflow results` does:
 * the first time, which also writes what the next ones read, and again. Each in a repository of its own, so that nothing is
 * in memory.
 */

const { values } = parseArgs({ options: { exams: { type: 'string', default: '10000' } } });
const count = Number(values.exams);
const details = { author: 'bench', message: 'bench', by: { kind: 'put' } } as const;
const limit = pLimit(32);

const s3 = await freshBucket();
const open = (): Repository =>
  openRepository(
    openObjectStore(s3.bucket, {
      endpoint: s3.endpoint,
      region: s3.region,
      forcePathStyle: true,
      credentials: { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
    }),
  );

/** Probabilities that differ from exam to exam. */
const drawn = (exam: string, salt: string): LabelProbabilities =>
  Object.fromEntries(
    LABELS.map((label) => [label, Number.parseInt(sha256Hex(`${exam} ${salt} ${label}`).slice(0, 8), 16) / 2 ** 32]),
  ) as LabelProbabilities;

async function stored(repository: Repository, repo: string, item: string, path: string, body: Buffer) {
  const sha256 = sha256Hex(body);
  const { entry } = await storeFile(repository.store, {
    repo,
    item,
    path,
    body,
    sha256,
    size: body.byteLength,
    isNew: true,
  });
  return entry;
}

async function classified(repository: Repository, exam: string): Promise<StageItem> {
  const summary = { exam, image: drawn(exam, 'image'), imageheatmaps: drawn(exam, 'imageheatmaps') };
  const datum = sha256Hex(`classify ${exam}`);
  const file = await stored(repository, 'classify', exam, PREDICTIONS_JSON, Buffer.from(JSON.stringify(summary)));
  const record: DatumRecord = {
    schemaVersion: 1,
    key: datum,
    document: { stage: 'classify', version: '1', parameters: {}, exam, models: {}, inputs: {} },
    files: [file],
    summary,
    job: 'earlier',
    provenance: {},
    startedAt: new Date(0).toISOString(),
    finishedAt: new Date(1_000).toISOString(),
  };
  await writeDatumRecord(repository.store, record);
  return { name: exam, files: [file], datum, job: 'earlier' };
}

async function fill(repository: Repository): Promise<Commit> {
  const model = await stored(repository, 'models', 'bench', 'patch.onnx', Buffer.from('bench'));
  await editPipeline(repository, 'main', (document) => ({
    ...document,
    eras: [
      {
        bundle: 'bench',
        fromSequence: 0,
        digest: sha256Hex('bench'),
        models: { patch: { file: model, preprocessing: {} } },
      },
    ],
  }));
  const view = await stored(repository, 'exams', 'shared', 'L_CC.png', Buffer.from('a view'));
  const files = VIEWS.map((name): FileEntry => ({ ...view, path: viewFile(name) }));
  const names = Array.from({ length: count }, (_, index) => `exam-${index}`);
  const items = await Promise.all(names.map((name) => limit(() => classified(repository, name))));
  return (await repository.commitOnto('main', details, async (roots, sequence, head) => {
    const wants = await wantsOf(repository, stages, head ?? { roots });
    const exams = new Map(names.map((name) => [name, { name, files, since: sequence }]));
    const outcomes = new Map(
      [...exams].map(([name, item]): [string, OutcomeItem] => [
        name,
        {
          name,
          files: [],
          wanted: wants.wantedOf(item),
          graph: wants.graphDigest,
          outcome: 'processed',
          bundle: 'bench',
          job: 'earlier',
        },
      ]),
    );
    const edited: Record<string, Roots[string]> = { ...roots };
    edited.exams = await repository.inputs.edit(rootOf({ roots }, 'exams'), exams);
    edited[OUTCOMES] = await repository.outcomes.edit(rootOf({ roots }, OUTCOMES), outcomes);
    edited.classify = await repository.stages.edit(
      rootOf({ roots }, 'classify'),
      new Map(items.map((item) => [item.name, item])),
    );
    return { roots: edited };
  })) as Commit;
}

/** As builds before 0.2 listed: trees, and a datum's record for each exam. */
async function aRequestAnExam(repository: Repository, commit: Commit): Promise<number> {
  const wants = await wantsOf(repository, stages, commit);
  const erasureOf = await openErasures(repository.store);
  const few = pLimit(16);
  let listed = 0;
  for await (const batch of inBatches(repository.inputs.items(rootOf(commit, 'exams')), 200)) {
    const names = batch.map(({ name }) => name);
    const [outcomes, items] = await Promise.all([
      repository.outcomes.getMany(rootOf(commit, OUTCOMES), names),
      repository.stages.getMany(rootOf(commit, 'classify'), names),
    ]);
    await Promise.all(
      batch.map((item) =>
        few(async () => {
          const outcome = outcomes.get(item.name);
          const datum = items.get(item.name)?.datum;
          if ((await erasureOf(item)) !== undefined || datum === undefined) return;
          if (outcome?.wanted !== wants.wantedOf(item)) return;
          const record = await readDatumRecord(repository.store, 'classify', item.name, datum);
          if (predictionsSchema.safeParse(record?.summary).success) listed += 1;
        }),
      ),
    );
  }
  return listed;
}

async function asResults(repository: Repository, commit: Commit): Promise<number> {
  let listed = 0;
  for await (const { image } of streamResults(repository, stages, commit, 'now')) if (image !== undefined) listed += 1;
  return listed;
}

interface Measured {
  readonly what: string;
  readonly seconds: number;
  readonly requests: number;
}

async function measure(what: string, list: typeof asResults): Promise<Measured> {
  const repository = open();
  const commit = (await repository.head('main')) as Commit;
  const before = repository.store.requests();
  const start = performance.now();
  const listed = await list(repository, commit);
  const seconds = (performance.now() - start) / 1000;
  const requests = repository.store.requests() - before;
  repository.store.close();
  if (listed !== count) throw new Error(`${what} listed ${listed} of ${count} exams`);
  console.error(`${what}: ${seconds.toFixed(2)} s, ${requests} requests`);
  return { what, seconds, requests };
}

try {
  const writer = open();
  const start = performance.now();
  await fill(writer);
  writer.store.close();
  console.error(`${count} exams written in ${((performance.now() - start) / 1000).toFixed(0)} s`);
  const peer = await measure('a request an exam', aRequestAnExam);
  const first = await measure('results, the first time', asResults);
  const again = await measure('results, from then on', asResults);
  const peerAgain = await measure('a request an exam, again', aRequestAnExam);
  console.log(`| listing ${count} exams | seconds | S3 requests |\n|---|---|---|`);
  for (const { what, seconds, requests } of [peer, first, again, peerAgain]) {
    console.log(`| ${what} | ${seconds.toFixed(2)} | ${requests} |`);
  }
  const fewer = Math.min(peer.requests, peerAgain.requests) / again.requests;
  const faster = Math.min(peer.seconds, peerAgain.seconds) / again.seconds;
  console.log(`${fewer.toFixed(1)} times fewer requests, ${faster.toFixed(1)} times less time`);
} finally {
  await stopTestServices();
}
