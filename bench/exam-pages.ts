import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { stages } from '../activities/stages/index.js';
import { openSession } from '../api/open-session.js';
import { startConsole } from '../console/server/index.js';
import { type FileEntry, type InputItem, OUTCOMES, type OutcomeItem, type StageItem } from '../pipeline/commit.js';
import { VIEWS, viewFile } from '../pipeline/exam.js';
import { inboxSettingsSchema } from '../pipeline/inbox-settings.js';
import { PREDICTIONS_JSON } from '../pipeline/predictions.js';
import { wantsOf } from '../planning/wants.js';
import { sha256Hex } from '../repos/hash.js';
import { type HeadlineRow, writeSegments } from '../repos/headlines.js';
import { type Roots, rootOf } from '../repos/repository.js';
import { freshBucket, stopTestServices, testServices } from '../tests/support/services.js';
import { editPipeline } from '../tests/support/small-system.js';

/*
 * How long a page of the console's list of exams takes, over few exams and over many: `npm run bench:pages`. Trees, outcomes and
 * headlines are made by the real writers, and asked for over HTTP; of files there is none, since a list opens none. Medians of
 * `--rounds`, each with filters and orders that were not asked for before, but for the first rows.
 */

const { values } = parseArgs({
  options: { sizes: { type: 'string', default: '1000,100000' }, rounds: { type: 'string', default: '9' } },
});
const details = { author: 'bench', message: 'bench', by: { kind: 'put' } } as const;

async function consoleOver(count: number) {
  const [{ temporal }, s3] = await Promise.all([testServices(), freshBucket()]);
  const credentials = { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey };
  const session = openSession(
    {
      temporal: { connection: { address: temporal.address }, namespace: temporal.namespace },
      s3: { config: { endpoint: s3.endpoint, region: s3.region, forcePathStyle: true, credentials } },
      bucket: s3.bucket,
    },
    { author: 'bench', stages: async () => stages, inbox: inboxSettingsSchema.parse({}) },
  );
  const { repository } = session;
  const file: FileEntry = { path: 'x', key: 'x', versionId: 'x', sha256: sha256Hex('x'), size: 1, etag: 'x' };
  await editPipeline(repository, 'main', (document) => ({
    ...document,
    eras: [
      { bundle: 'bench', fromSequence: 0, digest: sha256Hex('bench'), models: { patch: { file, preprocessing: {} } } },
    ],
  }));
  const names = Array.from({ length: count }, (_, index) => `exam-${index}`);
  const datums = new Map(names.map((name) => [name, sha256Hex(`classify ${name}`)] as const));
  const rows = names.map((name): HeadlineRow => {
    const value = Number.parseInt(sha256Hex(name).slice(0, 8), 16) / 2 ** 32;
    const four: [number, number, number, number] = [value, value / 2, value / 3, value / 4];
    return ['classify', name, datums.get(name) as string, file.sha256, [four, four]];
  });
  await writeSegments(repository.store, rows);
  await repository.commitOnto('main', details, async (roots, sequence, head) => {
    const wants = await wantsOf(repository, stages, head ?? { roots });
    const items = new Map<string, InputItem>();
    const outcomes = new Map<string, OutcomeItem>();
    const classified = new Map<string, StageItem>();
    const files = VIEWS.map((view): FileEntry => ({ ...file, path: viewFile(view) }));
    for (const name of names) {
      const item: InputItem = { name, files, since: sequence };
      const made = { files: [], graph: wants.graphDigest, bundle: 'bench', job: 'earlier' };
      items.set(name, item);
      outcomes.set(name, { ...made, name, wanted: wants.wantedOf(item), outcome: 'processed' });
      const datum = datums.get(name) as string;
      classified.set(name, { name, files: [{ ...file, path: PREDICTIONS_JSON }], datum, job: 'earlier' });
    }
    const edited: Record<string, Roots[string]> = { ...roots };
    edited.exams = await repository.inputs.edit(rootOf({ roots }, 'exams'), items);
    edited[OUTCOMES] = await repository.outcomes.edit(rootOf({ roots }, OUTCOMES), outcomes);
    edited.classify = await repository.stages.edit(rootOf({ roots }, 'classify'), classified);
    return { roots: edited };
  });
  const page = await startConsole({
    host: '127.0.0.1',
    port: 0,
    session,
    bucket: s3.bucket,
    temporal: { namespace: temporal.namespace },
    access: { kind: 'open' },
    uploadFolder: '/tmp',
    log: pino({ level: 'silent' }),
  });
  return {
    count,
    ask: async (query: string): Promise<{ milliseconds: number; items: unknown[]; total: number; next?: string }> => {
      const start = performance.now();
      const response = await fetch(`${page.address}/api/exams?${query}`);
      const answer = (await response.json()) as { items: unknown[]; total: number; next?: string };
      return { milliseconds: performance.now() - start, ...answer };
    },
    async close() {
      await page.close();
      await session.close();
    },
  };
}

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1] as number;

const table: { what: string; exams: number; milliseconds: number }[] = [];
try {
  for (const count of values.sizes.split(',').map(Number)) {
    const page = await consoleOver(count);
    const note = (what: string, milliseconds: number): void => {
      table.push({ what, exams: count, milliseconds });
      console.error(`${what}, ${count} exams: ${milliseconds.toFixed(0)} ms`);
    };
    const first = await page.ask('limit=100');
    if (first.total !== count || first.items.length !== 100) throw new Error(`${first.total} of ${count} exams`);
    note('building the index', first.milliseconds);
    const rounds = Number(values.rounds);
    const times: Record<string, number[]> = { rows: [], next: [], filter: [], order: [] };
    for (let round = 0; round < rounds; round += 1) {
      const rows = await page.ask('limit=100');
      times.rows?.push(rows.milliseconds);
      times.next?.push((await page.ask(`limit=100&after=${rows.next}`)).milliseconds);
      times.filter?.push((await page.ask(`limit=100&search=${round}`)).milliseconds);
      times.order?.push((await page.ask(`limit=100&sort=highest&threshold=0.${round}`)).milliseconds);
    }
    note('first rows', median(times.rows as number[]));
    note('next page', median(times.next as number[]));
    note('a filter not asked for before', median(times.filter as number[]));
    note('an order not asked for before', median(times.order as number[]));
    await page.close();
  }
} finally {
  await stopTestServices();
}
console.log('| what | exams | milliseconds |\n|---|---|---|');
for (const { what, exams, milliseconds } of table) console.log(`| ${what} | ${exams} | ${milliseconds.toFixed(0)} |`);
