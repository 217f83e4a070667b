import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import { settle } from '../activities/job/settle.js';
import {
  type Commit,
  type FileEntry,
  type InputItem,
  OUTCOMES,
  type OutcomeItem,
  type StageItem,
} from '../pipeline/commit.js';
import { wantsOf } from '../planning/wants.js';
import { storeFile } from '../repos/committed-files.js';
import { writeOutcome } from '../repos/exam-outcomes.js';
import { sha256Hex } from '../repos/hash.js';
import { putItems } from '../repos/put-items.js';
import { type Roots, rootOf } from '../repos/repository.js';
import { stopTestServices } from '../tests/support/services.js';
import { openSmallSystem, SMALL_STAGES, type SmallSystem } from '../tests/support/small-system.js';

/*
 * What bookkeeping costs as a repo grows: `npm run bench:scale`. Trees and commits are made by the real writers, jobs run
 * through the real workflows on embedded servers; only the stages are small ones. Requests are those of the workers and
 * of this process together.
 */

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '100,10000,100000' },
    replay: { type: 'string', default: '10000' },
    put: { type: 'string', default: '10000' },
  },
});
const details = { author: 'bench', message: 'bench', by: { kind: 'put' } } as const;
const SCAN = '1001';

interface Measured {
  readonly what: string;
  readonly exams: number;
  readonly seconds: number;
  readonly requests: number;
}
const table: Measured[] = [];

async function measure<T>(system: SmallSystem, what: string, exams: number, run: () => Promise<T>): Promise<T> {
  const { store } = system.session.repository;
  const requests = store.requests();
  const start = performance.now();
  const result = await run();
  const seconds = (performance.now() - start) / 1000;
  table.push({ what, exams, seconds, requests: store.requests() - requests });
  console.error(`${what}, ${exams} exams: ${seconds.toFixed(2)} s`);
  return result;
}

/** A branch with `count` exams that have what is wanted, in one commit; the exams' files are one and the same object. */
async function fill(system: SmallSystem, branch: string, count: number, model: string): Promise<Commit> {
  const { repository } = system.session;
  await system.useModel(model, 'all', branch);
  const body = Buffer.from(SCAN);
  const sha256 = sha256Hex(body);
  const file = { repo: 'exams', item: 'shared', path: 'scan.txt', body, sha256, size: body.byteLength };
  const { entry } = await storeFile(repository.store, file);
  const commit = await repository.commitOnto(branch, details, async (roots, sequence, head) => {
    const wants = await wantsOf(repository, SMALL_STAGES, head ?? { roots });
    const items = new Map<string, InputItem>();
    for (let index = 0; index < count; index += 1) {
      const name = `exam-${index}`;
      items.set(name, { name, files: [entry], since: sequence });
    }
    const results = new Map(
      [...items].map(([name, item]) => [name, outcomeOf(name, wants.wantedOf(item), wants.graphDigest, model)]),
    );
    const edited: Record<string, Roots[string]> = { ...roots };
    edited.exams = await repository.inputs.edit(rootOf({ roots }, 'exams'), items);
    edited[OUTCOMES] = await repository.outcomes.edit(rootOf({ roots }, OUTCOMES), results);
    for (const { name: stage } of SMALL_STAGES) {
      const outputs = new Map([...items.keys()].map((name) => [name, stageItemOf(stage, name, entry)]));
      edited[stage] = await repository.stages.edit(rootOf({ roots }, stage), outputs);
    }
    return { roots: edited };
  });
  return commit as Commit;
}

const outcomeOf = (name: string, wanted: string, graph: string, bundle: string): OutcomeItem => ({
  name,
  files: [],
  wanted,
  graph,
  outcome: 'processed',
  bundle,
  job: 'earlier',
});
const stageItemOf = (stage: string, name: string, file: FileEntry): StageItem => ({
  name,
  files: [file],
  datum: sha256Hex(`${stage} ${name}`),
  job: 'earlier',
});

async function planning(system: SmallSystem, sizes: readonly number[]): Promise<void> {
  for (const size of sizes) {
    const branch = `size-${size}`;
    await measure(system, 'fill trees', size, () => fill(system, branch, size, 'red'));
    await measure(system, 'first look at everything', size, () =>
      settle(system.session.repository, SMALL_STAGES, 'bench', branch),
    );
    await measure(system, 'job with nothing to do', size, () => system.process({ branch }));
    await system.putScan(['exam-0'], `${2000 + size}`, branch);
    await measure(system, 'job with one changed exam', size, () => system.process({ branch }));
  }
}

/** Every exam wants results that are recorded already: the state a revert or a model put back leads to. */
async function replay(system: SmallSystem, count: number): Promise<void> {
  const { repository } = system.session;
  const branch = 'replay';
  await fill(system, branch, count, 'blue');
  // A model of its own: the complete states of the branches above, which share no exam with this one, are not its base.
  await system.useModel('green', 'all', branch);
  const head = (await repository.head(branch)) as Commit;
  const wants = await wantsOf(repository, SMALL_STAGES, head);
  const limit = pLimit(32);
  const records: Promise<void>[] = [];
  for await (const item of repository.inputs.items(rootOf(head, 'exams'))) {
    const file = item.files[0] as FileEntry;
    const outcome = outcomeOf(item.name, wants.wantedOf(item), wants.graphDigest, 'green');
    const stages = Object.fromEntries(SMALL_STAGES.map(({ name }) => [name, stageItemOf(name, item.name, file)]));
    const statuses = Object.fromEntries(SMALL_STAGES.map(({ name }) => [name, 'computed' as const]));
    records.push(
      limit(() =>
        writeOutcome(repository.store, 'earlier', { schemaVersion: 1, outcome, statuses, stages }, { lasts: true }),
      ),
    );
  }
  await Promise.all(records);
  await measure(system, 'replay from records', count, () => system.process({ branch }));
}

/** `put` of many small exams beside a bare loop of uploads with the same SDK, server and concurrency. */
async function putting(system: SmallSystem, count: number): Promise<void> {
  const { repository } = system.session;
  const views = ['L_CC.png', 'L_MLO.png', 'R_CC.png', 'R_MLO.png'];
  const items = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const folder = join(system.folder, 'put', `exam-${index}`);
      await mkdir(folder, { recursive: true });
      for (const view of views) await writeFile(join(folder, view), `${view} ${index}`.padEnd(1_000, '.'));
      return { name: `exam-${index}`, files: views.map((path) => ({ path, local: join(folder, path) })) };
    }),
  );
  const { config } = system.settings.s3;
  const client = new S3Client({ ...config, requestChecksumCalculation: 'WHEN_REQUIRED' });
  const limit = pLimit(16);
  const loop = async (): Promise<void> => {
    await Promise.all(
      items.flatMap(({ name, files }) =>
        files.map(({ path }) =>
          limit(() =>
            client.send(
              new PutObjectCommand({
                Bucket: system.settings.bucket,
                Key: `bare/${name}/${path}`,
                Body: `${path} ${name}`.padEnd(1_000, '.'),
              }),
            ),
          ),
        ),
      ),
    );
  };
  await measure(system, 'bare upload loop', count, loop);
  await measure(system, 'put', count, () => putItems(repository, { branch: 'put', repo: 'exams', items, details }));
  client.destroy();
}

const system = await openSmallSystem();
try {
  await system.startSmallWorkers();
  await planning(system, values.sizes.split(',').map(Number));
  await replay(system, Number(values.replay));
  await putting(system, Number(values.put));
} finally {
  await system.close();
  await stopTestServices();
}
console.log('| what | exams | seconds | S3 requests | exams/s |\n|---|---|---|---|---|');
for (const { what, exams, seconds, requests } of table) {
  console.log(`| ${what} | ${exams} | ${seconds.toFixed(2)} | ${requests} | ${(exams / seconds).toFixed(0)} |`);
}
