import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../infra/package-root.js';
import { blackExam, drawExams } from '../support/exams.js';
import { openTestSystem, PLACEHOLDER, type TestSystem } from '../support/system.js';
import { until } from '../support/until.js';
import { startWorkerProcess, type WorkerProcess } from '../support/worker-process.js';

describe('how a worker is, for whoever runs it', () => {
  let system: TestSystem;
  let worker: WorkerProcess | undefined;
  before(async () => {
    system = await openTestSystem();
  });
  after(async () => {
    await worker?.kill();
    await system?.close();
  });

  it('is told over HTTP: that it lives and is ready, and what it has done, by the names that the documentation has', async () => {
    const cpu = startWorkerProcess(system, 'cpu', '--metrics', '127.0.0.1:0');
    worker = cpu;
    const addressOf = (): string | undefined => /"address":"(http:[^"]+)"/.exec(cpu.log())?.[1];
    await until('the worker to say where it tells', async () => addressOf() !== undefined);
    const address = addressOf() as string;
    const ask = async (path: string): Promise<{ status: number; text: string }> => {
      const response = await fetch(`${address}${path}`);
      return { status: response.status, text: await response.text() };
    };
    assert.deepEqual(await ask('/healthz'), { status: 200, text: 'ok\n' });
    await until('the worker to be ready', async () => (await ask('/readyz')).status === 200);
    assert.equal((await ask('/elsewhere')).status, 404);

    await system.startWorkers(['workflow']);
    await system.put('models', PLACEHOLDER);
    const folder = join(system.folder, 'exams');
    await drawExams(folder, ['exam-drawn']);
    await blackExam(folder, 'exam-black');
    await system.put('exams', folder);
    // Nobody serves the gpu's queue: the job goes as far as it can.
    system.process().catch(() => undefined);
    const counts = (text: string, outcome: string): string | undefined =>
      new RegExp(`mammoflow_datums_total\\{stage="crop",bundle="[^"]+",outcome="${outcome}"\\} (\\d+)`).exec(text)?.[1];
    await until('both exams to be counted', async () => {
      const { text } = await ask('/metrics');
      return counts(text, 'computed') === '1' && counts(text, 'failed') === '1';
    });
    const { text } = await ask('/metrics');
    assert.match(text, /mammoflow_datum_seconds_count\{stage="crop",part="computing"\} 1/);
    assert.match(text, /^temporal_/m, "the SDK's own are there too");
    assert.doesNotMatch(text, /exam-(drawn|black)/, 'no label names an exam');

    const documented = await readFile(join(packageRoot, 'docs', 'operations.md'), 'utf8');
    const named = new Set([...documented.matchAll(/`(mammoflow_[a-z_]+)(?:\{|`)/g)].map(([, name]) => name));
    const served = new Set([...text.matchAll(/^# TYPE (mammoflow_\w+)/gm)].map(([, name]) => name));
    // A cpu worker has no inference process.
    assert.deepEqual([...served].sort(), [...named].sort());
    assert.equal(await cpu.end(), 0);
  });
});
