import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import type { LocalModel } from '../activities/stage.js';
import { stages as everyStage } from '../activities/stages/index.js';
import { checkBundle } from '../inference/bundle.js';
import { startLanes } from '../inference/lanes.js';
import { packageRoot } from '../infra/package-root.js';
import { drawExam } from '../models/phantom/draw-exam.js';
import { STANDARD_MIX } from '../models/phantom/mix.js';
import { examName } from '../models/phantom/plan-exam.js';
import { MODEL_ROLES, type ModelRole } from '../pipeline/bundle.js';
import { READ_STAGE } from '../pipeline/exam-objects.js';
import { machine, table } from './system.js';

/**
 * What a phantom exam costs: seconds of CPU to draw it, and in each stage, all in this process. What the
 * running system adds is in `bench:pipeline`. See docs/benchmarks.md.
 */

/** Of a phantom exam, which is a folder of pictures. */
const stages = everyStage.filter(({ name }) => name !== READ_STAGE);
/** Those that look at pictures and at what the network answers. */
const gates = stages.filter(({ gate }) => gate === true).map(({ name }) => name);

/** A seed of its own range, used for no model. */
const SEED = 800_000;
/**
 * Seconds of CPU; and the share of all stages that the gates may take together, from the second exam on: a third of a
 * second is enough for compiling their code to show.
 */
const TARGETS = { draw: 3, stages: 15, gates: 0.05 } as const;

interface Options {
  readonly exams: string;
  readonly models: string;
  readonly json?: string;
}

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

async function main(options: Options): Promise<void> {
  const count = Number(options.exams);
  const { bundle, paths } = await checkBundle(resolve(options.models));
  const models = Object.fromEntries(
    MODEL_ROLES.map((role) => [
      role,
      { path: paths[role], sha256: bundle.files[role].sha256, preprocessing: bundle.files[role].preprocessing },
    ]),
  ) as Record<ModelRole, LocalModel>;
  const lanes = startLanes();
  const folder = await mkdtemp(join(tmpdir(), 'mammoflow-bench-'));
  const costs = new Map<string, Cost[]>();
  const record = (what: string, cost: Cost): void => void costs.set(what, [...(costs.get(what) ?? []), cost]);
  try {
    // The first exam opens networks and compiles code; it counts as much as the others do for one who starts.
    for (let index = 1; index <= count; index += 1) {
      const exam = examName(SEED, index);
      record('draw', await costOf(() => drawExam({ folder, seed: SEED, index, mix: STANDARD_MIX })));
      const files: Record<string, Record<string, string>> = { exams: await filesOf(join(folder, exam)) };
      for (const stage of stages) {
        const outputFolder = await mkdtemp(join(folder, `${stage.name}-`));
        const context = { outputFolder, signal: new AbortController().signal, progress: () => {}, inference: lanes };
        record(stage.name, await costOf(() => stage.run({ exam, files, models }, stage.parameters.parse({}), context)));
        files[stage.name] = await filesOf(outputFolder);
      }
    }
  } finally {
    await lanes.close();
    await rm(folder, { recursive: true, force: true });
  }

  const mean = (what: string, of: keyof Cost): number =>
    (costs.get(what) as Cost[]).reduce((sum, cost) => sum + cost[of], 0) / count;
  /** Of all stages' CPU time, without the first exam where there are more. */
  const laterShare = (what: string): number => {
    const later = (name: string): number =>
      (costs.get(name) as Cost[]).slice(count > 1 ? 1 : 0).reduce((sum, cost) => sum + cost.cpuSeconds, 0);
    return later(what) / stages.reduce((sum, { name }) => sum + later(name), 0);
  };
  const names = stages.map(({ name }) => name);
  const all = (of: keyof Cost): number => names.reduce((sum, name) => sum + mean(name, of), 0);
  console.log(`${machine()}, ${lanes.lanes} lanes; ${count} exams, bundle ${bundle.name}; means over exams`);
  console.log(
    table(
      ['', 'CPU s', 's', 'target, CPU s'],
      [
        ['draw', mean('draw', 'cpuSeconds').toFixed(2), mean('draw', 'seconds').toFixed(2), String(TARGETS.draw)],
        ...names.map((name) => [name, mean(name, 'cpuSeconds').toFixed(2), mean(name, 'seconds').toFixed(2), '']),
        ['all stages', all('cpuSeconds').toFixed(2), all('seconds').toFixed(2), String(TARGETS.stages)],
      ],
    ),
  );
  const gatesShare = gates.reduce((sum, name) => sum + laterShare(name), 0);
  console.log(
    `${gates.join(' and ')}: ${(100 * gatesShare).toFixed(1)} % of all stages' CPU time (target: ${100 * TARGETS.gates} %)`,
  );
  if (options.json !== undefined) {
    const result = { machine: machine(), bundle: bundle.name, costs: Object.fromEntries(costs), targets: TARGETS };
    await writeFile(options.json, `${JSON.stringify(result, null, 2)}\n`);
  }
  const met =
    mean('draw', 'cpuSeconds') <= TARGETS.draw && all('cpuSeconds') <= TARGETS.stages && gatesShare <= TARGETS.gates;
  if (!met) process.exitCode = 1;
}

const filesOf = async (folder: string): Promise<Record<string, string>> =>
  Object.fromEntries((await readdir(folder)).map((name) => [name, join(folder, name)]));

await new Command('bench:phantom')
  .description('seconds of CPU to draw a phantom exam and to take it through all stages')
  .option('--exams <number>', 'how many', '3')
  .option('--models <folder>', 'a bundle', join(packageRoot, 'models', 'phantom', 'bundle'))
  .option('--json <file>', 'write every figure there as well')
  .action(main)
  .parseAsync();
