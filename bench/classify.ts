import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import type { LocalModel, StageInputs } from '../activities/stage.js';
import { classify } from '../activities/stages/classify.js';
import { crop } from '../activities/stages/crop.js';
import { extractCenters } from '../activities/stages/extract-centers.js';
import { readGrey16Png } from '../imaging/grey16-png.js';
import { writeNpz } from '../imaging/npz.js';
import { openSparingSession } from '../inference/background/open-sparing-session.js';
import { readBundle } from '../inference/bundle.js';
import type { FloatTensor, InferencePool } from '../inference/inference-pool.js';
import { startLanes } from '../inference/lanes.js';
import { type OnnxSession, openSession } from '../inference/onnx-session.js';
import { VIEWS, viewFile } from '../pipeline/exam.js';
import { heatmapFile } from '../pipeline/heatmaps.js';
import { VARIANTS } from '../pipeline/predictions.js';
import { filesOf, modelsOf, runStageHere } from '../tests/support/stage-run.js';
import { watchOtherProcesses } from './other-processes.js';
import { machine, table } from './system.js';

/**
 * What classify costs on one exam: the stage as a whole, its windows by themselves, and its networks on whole windows and
 * without background, in turns, whose outputs must have the same bits. Heatmaps are flat ones, since how long networks
 * take does not depend on what they say. See docs/benchmarks.md.
 */

interface Cost {
  readonly cpuSeconds: number;
  readonly seconds: number;
}

async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const [cpu, start] = [process.cpuUsage(), performance.now()];
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { cpuSeconds: (user + system) / 1e6, seconds: (performance.now() - start) / 1e3 };
}

/** Crops an exam, finds its centers, and puts flat heatmaps beside: all that classify reads. */
async function prepare(exam: string, models: StageInputs['models'], folder: string): Promise<StageInputs> {
  const files: Record<string, Record<string, string>> = { exams: await filesOf(exam) };
  for (const stage of [crop, extractCenters]) {
    await runStageHere(stage, { exam: 'bench', files, models }, join(folder, stage.name));
    files[stage.name] = await filesOf(join(folder, stage.name));
  }
  const heatmaps = join(folder, 'generate_heatmaps');
  await mkdir(heatmaps);
  for (const view of VIEWS) {
    const { rows, columns } = await readGrey16Png(join(folder, crop.name, viewFile(view)), { exam: 'bench', view });
    const plane = { rows, columns, pixels: new Float32Array(rows * columns).fill(0.1) };
    await writeFile(join(heatmaps, heatmapFile(view)), writeNpz({ benign: plane, malignant: plane }));
  }
  return { exam: 'bench', models, files: { ...files, generate_heatmaps: await filesOf(heatmaps) } };
}

/** Networks that cost nothing, and keep the windows of the first pass. */
function noNetworks(kept: Map<string, Record<string, FloatTensor>>): InferencePool {
  const nothing = { data: new Float32Array(8), shape: [1, 4, 2] };
  return {
    lanes: 2,
    patchBatch: 1,
    executionProvider: 'none',
    prepare: () => undefined,
    async run({ path }, inputs, takeBack) {
      if (!kept.has(path)) {
        const copies = Object.entries(inputs).map(([name, { data, shape }]) => [name, { data: data.slice(), shape }]);
        kept.set(path, Object.fromEntries(copies));
      }
      takeBack?.(inputs);
      return { cc: nothing, mlo: nothing };
    },
  };
}

interface Options {
  readonly exam: string;
  readonly models: string;
  readonly rounds: string;
}

async function main(options: Options): Promise<void> {
  const others = watchOtherProcesses();
  const models = modelsOf(await readBundle(resolve(options.models)));
  const folder = await mkdtemp(join(tmpdir(), 'mammoflow-bench-'));
  const rows: string[][] = [];
  const add = (what: string, costs: readonly Cost[]): void => {
    const lowest = (of: keyof Cost): string => Math.min(...costs.map((cost) => cost[of])).toFixed(2);
    rows.push([what, lowest('cpuSeconds'), lowest('seconds')]);
  };
  try {
    const inputs = await prepare(resolve(options.exam), models, folder);
    const rounds = Array.from({ length: Number(options.rounds) });
    const windows = new Map<string, Record<string, FloatTensor>>();
    const output = join(folder, classify.name);
    const inference = noNetworks(windows);
    add('the stage without networks', [await costOf(() => runStageHere(classify, inputs, output, { inference }))]);
    let same = true;
    for (const variant of VARIANTS) {
      const costs = await compareNetworks(models[variant], windows.get(models[variant].path) ?? {}, rounds.length);
      add(`${variant}: one run on whole windows`, costs.whole);
      add(`${variant}: one run without background`, costs.sparing);
      same &&= costs.same;
    }
    const lanes = startLanes();
    try {
      for (const what of ['the stage, networks to be opened', 'the stage']) {
        add(what, [await costOf(() => runStageHere(classify, inputs, output, { inference: lanes }))]);
      }
    } finally {
      await lanes.close();
    }
    const share = others();
    console.log(
      `${new Date().toISOString()}  ${machine()}, ${lanes.lanes} lanes; lowest of ${rounds.length} for single runs`,
    );
    console.log(table(['', 'CPU s', 's'], rows));
    if (share !== undefined) console.log(`Other processes took ${(100 * share).toFixed(1)} % of the processors' time.`);
    if (!same) {
      console.log('Without background the networks said something else.');
      process.exitCode = 1;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compareNetworks(
  { path }: LocalModel,
  windows: Readonly<Record<string, FloatTensor>>,
  rounds: number,
): Promise<{ whole: Cost[]; sparing: Cost[]; same: boolean }> {
  const settings = { providers: { names: ['cpu'], onCpu: true }, memoryArena: false } as const;
  const sessions: Record<'whole' | 'sparing', OnnxSession> = {
    whole: await openSession(path, settings),
    sparing: await openSparingSession(path, settings),
  };
  const costs = { whole: [] as Cost[], sparing: [] as Cost[] };
  const said = new Set<string>();
  for (let round = 0; round < rounds; round += 1) {
    for (const way of ['whole', 'sparing'] as const) {
      const run = async (): Promise<void> => {
        const outputs = await sessions[way].run(windows);
        said.add(JSON.stringify(Object.entries(outputs).map(([name, { data }]) => [name, ...data])));
      };
      costs[way].push(await costOf(run));
    }
  }
  return { ...costs, same: said.size === 1 };
}

await new Command('bench:classify')
  .description('CPU seconds of classify on one exam, and of its networks with and without background')
  .requiredOption('--exam <folder>', 'an exam')
  .requiredOption('--models <folder>', 'a bundle, e.g. one that `models import nyu` wrote')
  .option('--rounds <number>', 'how often each network is run', '3')
  .action(main)
  .parseAsync();
