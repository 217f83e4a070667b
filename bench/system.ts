import { put } from '../api/changing/put.js';
import { requireHead } from '../api/session.js';
import { openLocalSession } from '../index.js';
import '../infra/quiet-aws-sdk.js';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitForJob } from '../api/jobs/jobs-client.js';
import { startJob } from '../api/jobs/start-job.js';
import { connectionSettings } from '../infra/connection.js';
import { type Stack, startStack } from '../infra/dev/stack.js';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import { type DatumRecord, datumRecordSchema } from '../pipeline/datum.js';
import type { JobSummary } from '../pipeline/job.js';
import { readJson } from '../repos/json-objects.js';

/** The embedded stack as `npm start` runs it, on a temporary data folder. */
export interface BenchSystem {
  readonly stack: Stack;
  /** Puts a folder without processing it. @throws Error when an exam is refused. */
  put(repo: 'exams' | 'models', folder: string): Promise<void>;
  /** Processes what was put. @throws Error unless the job completes without a failed exam. */
  process(): Promise<ProcessedJob>;
  /** Every datum recorded so far. */
  datums(): Promise<DatumRecord[]>;
  close(): Promise<void>;
}
export interface ProcessedJob {
  readonly summary: JobSummary;
  /** From the start of the job's workflow to its end, by Temporal's clock. */
  readonly seconds: number;
}

/**
 * Starts services and workers.
 * @param threads how many threads the cpu worker and the inference process use.
 */
export async function openBenchSystem(threads: number): Promise<BenchSystem> {
  // The workers inherit them.
  process.env.MAMMOFLOW_INFERENCE_THREADS = String(threads);
  process.env.MAMMOFLOW_CPU_THREADS = String(threads);
  const dataFolder = await mkdtemp(join(tmpdir(), 'mammoflow-bench-'));
  const stack = await startStack({ dataFolder, ephemeral: true, log: () => undefined });
  const session = openLocalSession(await connectionSettings({ dataFolder, environment: {} }));
  const { store } = session.repository;
  return {
    stack,
    async put(repo, folder) {
      const { refused } = await put(session, { repo, paths: [folder], branch: DEFAULT_BRANCH, process: false });
      if (refused[0] !== undefined) throw new Error(refused[0].reason);
    },
    async process() {
      const client = await session.client();
      const head = await requireHead(session.repository, DEFAULT_BRANCH);
      const job = await startJob(client, head, { branch: DEFAULT_BRANCH });
      const summary = await waitForJob(client, session.repository, job, () => undefined);
      if (summary.status !== 'completed' || summary.exams.failed > 0) {
        throw new Error(`The job ended as ${summary.status} with ${summary.exams.failed} failed exams.`);
      }
      const handle = client.workflow.getHandle(job);
      await handle.result();
      const { startTime, closeTime } = await handle.describe();
      return { summary, seconds: (Number(closeTime) - Number(startTime)) / 1000 };
    },
    async datums() {
      const records: DatumRecord[] = [];
      for await (const { key } of store.list('.mammoflow/datums/')) {
        const record = await readJson(store, key, datumRecordSchema);
        if (record !== undefined) records.push(record);
      }
      return records;
    },
    async close() {
      await session.close();
      await stack.stop();
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
}

/** What a result was measured on, in one line. */
export function machine(): string {
  const cores = cpus();
  return `${cores[0]?.model ?? 'unknown CPU'}, ${cores.length} cores, Node ${process.version}, ${process.platform} ${process.arch}`;
}

/** A Markdown table with aligned columns. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] as number)).join(' | ')} |`;
  return [line(header), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n');
}
