import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { readGrey16Png, writeGrey16Png } from '../imaging/grey16-png.js';
import type { Grey16Image } from '../imaging/planes.js';
import { packageRoot } from '../infra/package-root.js';
import type { DatumRecord } from '../pipeline/datum.js';
import { VIEWS, viewFile } from '../pipeline/exam.js';
import { machine, openBenchSystem, table } from './system.js';

/**
 * Watches the resident memory of every worker, its inference process included, while many full-size exams are
 * processed. See docs/benchmarks.md.
 */

const SAMPLE_MILLISECONDS = 1000;
const THREADS = 2;
/** The most that a worker of a role may use, in bytes. */
const LIMITS: Readonly<Record<string, number>> = { 'worker-gpu': 3e9, 'worker-cpu': 1e9 };
/** A worker grows if the median of its second half is above that of its first half by more than this. */
const GROWTH = { share: 0.1, bytes: 100e6 };

interface Sample {
  readonly at: number;
  /** Bytes by worker, its descendants included. */
  readonly bytes: Readonly<Record<string, number>>;
}

/** Parent and resident bytes of every process (proc(5)). Processes that end meanwhile are left out. */
async function processes(): Promise<Map<number, { parent: number; bytes: number }>> {
  const found = new Map<number, { parent: number; bytes: number }>();
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  await Promise.all(
    pids.map(async (pid) => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      const field = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1] ?? 0);
      if (status !== '') found.set(pid, { parent: field('PPid'), bytes: 1024 * field('VmRSS') });
    }),
  );
  return found;
}

/** Resident bytes of a process and all its descendants; pages that they share count more than once. */
function treeBytes(all: Map<number, { parent: number; bytes: number }>, root: number): number {
  let sum = all.get(root)?.bytes ?? 0;
  for (const [pid, { parent }] of all) if (parent === root) sum += treeBytes(all, pid);
  return sum;
}

/** Copies of an exam that are all different: one pixel in the breast of each view is a little brighter. */
async function writeExams(source: string, folder: string, count: number): Promise<void> {
  const views = await Promise.all(
    VIEWS.map(async (view) => ({ view, image: await readGrey16Png(join(source, viewFile(view))) })),
  );
  for (let exam = 1; exam <= count; exam += 1) {
    const target = join(folder, `exam-${String(exam).padStart(3, '0')}`);
    await mkdir(target);
    for (const { view, image } of views)
      await writeFile(join(target, viewFile(view)), await writeGrey16Png(altered(image, exam)));
  }
}

function altered(image: Grey16Image, by: number): Grey16Image {
  const pixels = image.pixels.slice();
  const middle = pixels.findIndex((value, index) => index > pixels.length / 2 && value > 0);
  pixels[middle] = Math.min(65535, (pixels[middle] as number) + by);
  return { ...image, pixels };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

interface WorkerMemory {
  readonly worker: string;
  readonly peak: number;
  /** The peak while each exam was the last to be finished, in order. */
  readonly peaks: readonly number[];
  readonly firstHalf: number;
  readonly secondHalf: number;
  readonly flat: boolean;
}

/** Cuts the samples at the end of each exam. The first exam, in which networks are opened, is no part of the halves. */
function memoryOf(worker: string, samples: readonly Sample[], ends: readonly number[]): WorkerMemory {
  const bytesOf = (sample: Sample): number => sample.bytes[worker] ?? 0;
  const peaks = ends.map((end, index) => {
    const start = ends[index - 1] ?? Number.NEGATIVE_INFINITY;
    return Math.max(0, ...samples.filter(({ at }) => at > start && at <= end).map(bytesOf));
  });
  const settled = peaks.slice(1).filter((bytes) => bytes > 0);
  const firstHalf = median(settled.slice(0, settled.length >> 1));
  const secondHalf = median(settled.slice(settled.length >> 1));
  const grown = secondHalf - firstHalf;
  const flat = grown <= GROWTH.bytes || grown <= GROWTH.share * firstHalf;
  return { worker, peak: Math.max(...samples.map(bytesOf)), peaks, firstHalf, secondHalf, flat };
}

/** When each exam was finished, in order. */
function examEnds(datums: readonly DatumRecord[]): number[] {
  const ends = new Map<string, number>();
  for (const { document, finishedAt } of datums) {
    ends.set(document.exam, Math.max(ends.get(document.exam) ?? 0, Date.parse(finishedAt)));
  }
  return [...ends.values()].sort((a, b) => a - b);
}

interface Options {
  readonly exam: string;
  readonly exams: string;
  readonly models: string;
  readonly json?: string;
}

async function main(options: Options): Promise<void> {
  if (process.platform !== 'linux') throw new Error('Memory is read from /proc, which only Linux has.');
  const folder = await mkdtemp(join(tmpdir(), 'mammoflow-memory-'));
  const system = await openBenchSystem(THREADS);
  const samples: Sample[] = [];
  const sample = async (): Promise<void> => {
    const all = await processes();
    const workers = system.stack.state().workers.map(({ name, pid }) => [name, treeBytes(all, pid)] as const);
    samples.push({ at: Date.now(), bytes: Object.fromEntries(workers) });
  };
  let timer: NodeJS.Timeout | undefined;
  try {
    await writeExams(resolve(options.exam), folder, Number(options.exams));
    await system.put('models', resolve(options.models));
    await system.put('exams', folder);
    timer = setInterval(() => void sample().catch((error) => console.error(error)), SAMPLE_MILLISECONDS);
    const job = await system.process();
    await sample();
    clearInterval(timer);
    const ends = examEnds(await system.datums());
    const workers = system.stack.state().workers.map(({ name }) => memoryOf(name, samples, ends));
    const restarts = system.stack.state().workers.reduce((sum, worker) => sum + worker.restarts, 0);
    console.log(`${new Date().toISOString()}  ${machine()}`);
    console.log(
      `${ends.length} exams in ${job.seconds.toFixed(0)} s, ${THREADS} threads, ${restarts} restarts of workers\n`,
    );
    const rows = workers.map(({ worker, peak, firstHalf, secondHalf, flat }) => {
      const limit = LIMITS[worker];
      const met = limit === undefined ? '–' : peak < limit && flat ? 'yes' : 'NO';
      return [
        worker,
        megabytes(peak),
        limit === undefined ? '–' : megabytes(limit),
        megabytes(firstHalf),
        megabytes(secondHalf),
        flat ? 'yes' : 'NO',
        met,
      ];
    });
    console.log(table(['worker', 'peak', 'limit', 'first half', 'second half', 'flat', 'met'], rows));
    const curve = ends.map((_, exam) => [String(exam + 1), ...workers.map(({ peaks }) => megabytes(peaks[exam] ?? 0))]);
    console.log(
      `\nPeak while each exam came to its end:\n\n${table(['exam', ...workers.map(({ worker }) => worker)], curve)}`,
    );
    if (rows.some((row) => row.includes('NO')) || restarts > 0) process.exitCode = 1;
    if (options.json !== undefined) {
      await writeFile(
        options.json,
        `${JSON.stringify({ machine: machine(), seconds: job.seconds, workers, samples }, null, 2)}\n`,
      );
    }
  } finally {
    clearInterval(timer);
    await system.close();
    await rm(folder, { recursive: true, force: true });
  }
}

await new Command('bench:memory')
  .description('watch the memory of every worker over many exams')
  .requiredOption('--exam <folder>', 'a full-size exam, of which copies with changed pixels are processed')
  .option('--exams <number>', 'how many', '20')
  .option('--models <folder>', 'a bundle', join(packageRoot, 'models', 'placeholder', 'bundle'))
  .option('--json <file>', 'write every sample there as well')
  .action(main)
  .parseAsync();
