import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { checkBundle, type LocalBundle } from '../inference/bundle.js';
import type { FloatTensor, InferenceModel } from '../inference/inference-pool.js';
import { type Lanes, startLanes } from '../inference/lanes.js';
import { trialInput } from '../inference/trial-inputs.js';
import { describeNyuFolder } from '../models/nyu/describe-nyu-folder.js';
import { importCheckpoints } from '../models/nyu/import-checkpoints.js';
import { type Bundle, MODEL_ROLES, type ModelRole } from '../pipeline/bundle.js';
import { machine, table } from './system.js';

/**
 * Imports NYU's checkpoints and runs the networks side by side with those that torch exported from the same weights, in
 * turns, in one process on two lanes. Beside the clock's seconds stand the processor's, which another program on the
 * machine disturbs less.
 */

const THREADS = 2;
const PATCH_BATCH = 2;
/** Patches a round and lane, and classifier runs a round and lane. */
const RUNS = { patch: 15, image: 1, imageheatmaps: 1 } as const;
/** A ratio below this is no accident of the measurement. */
const LEAST_RATIO = 0.98;

interface Timing {
  readonly wall: number;
  readonly processor: number;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

/** Runs a network on every lane; inputs are made before the clock starts. @returns seconds for one patch or one run. */
async function time(lanes: Lanes, model: InferenceModel, bundle: Bundle, role: ModelRole): Promise<Timing> {
  const runs = RUNS[role] * lanes.lanes;
  const inputs = Array.from({ length: runs }, () =>
    Object.fromEntries(
      bundle.files[role].inputs.map(({ name, shape }): [string, FloatTensor] => [
        name,
        trialInput(shape.map((size) => size ?? PATCH_BATCH)),
      ]),
    ),
  );
  const started = performance.now();
  const before = process.cpuUsage();
  await Promise.all(inputs.map((input) => lanes.run(model, input)));
  const { user, system } = process.cpuUsage(before);
  const items = runs * (role === 'patch' ? PATCH_BATCH : 1);
  return { wall: (performance.now() - started) / 1000 / items, processor: (user + system) / 1e6 / items };
}

const modelOf = ({ bundle, paths }: Pick<LocalBundle, 'bundle' | 'paths'>, role: ModelRole): InferenceModel => ({
  path: paths[role],
  sha256: bundle.files[role].sha256,
});

interface Options {
  readonly checkpoints: string;
  readonly reference: string;
  readonly rounds: string;
}

async function main(options: Options): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mammoflow-bench-'));
  process.env.MAMMOFLOW_INFERENCE_THREADS = String(THREADS);
  let lanes: Lanes | undefined;
  try {
    console.log(`${new Date().toISOString()}  ${machine()}\n`);
    const started = performance.now();
    let last = started;
    let reading: string | undefined;
    const rows: string[][] = [];
    const tell = (file?: string): void => {
      const now = performance.now();
      if (reading !== undefined) rows.push([reading, `${((now - last) / 1000).toFixed(2)} s`]);
      reading = file;
      last = now;
    };
    await importCheckpoints({ folder: resolve(options.checkpoints), name: 'bench', target: folder, onProgress: tell });
    tell();
    const peak = process.resourceUsage().maxRSS / 1024;
    console.log(table(['checkpoint', 'read, checked, written'], rows));
    console.log(`\npeak resident memory of the import: ${peak.toFixed(0)} MB`);
    const checking = performance.now();
    const ours = await checkBundle(folder);
    console.log(
      `check of the bundle, with a trial run each: ${((performance.now() - checking) / 1000).toFixed(1)} s\n`,
    );

    const source = resolve(options.reference);
    const described = await describeNyuFolder(source);
    const paths = Object.fromEntries(MODEL_ROLES.map((role) => [role, join(source, described.files[role].path)]));
    const theirs = { bundle: described, paths: paths as Record<ModelRole, string> };
    lanes = startLanes(process.env);
    const results: string[][] = [];
    let slower = false;
    for (const role of MODEL_ROLES) {
      const timings = { ours: [] as Timing[], theirs: [] as Timing[] };
      for (let round = 0; round <= Number(options.rounds); round += 1) {
        for (const [whose, bundle] of [
          ['theirs', theirs],
          ['ours', ours],
        ] as const) {
          const timing = await time(lanes, modelOf(bundle, role), bundle.bundle, role);
          // The first round opens the networks.
          if (round > 0) timings[whose].push(timing);
        }
      }
      const of = (whose: 'ours' | 'theirs', clock: keyof Timing): number =>
        median(timings[whose].map((each) => each[clock]));
      const wall = of('theirs', 'wall') / of('ours', 'wall');
      const processor = of('theirs', 'processor') / of('ours', 'processor');
      if (processor < LEAST_RATIO) slower = true;
      const shown = (whose: 'ours' | 'theirs'): string[] => {
        const clock = of(whose, 'wall');
        const speed = role === 'patch' ? `${(1 / clock).toFixed(1)} patches/s` : `${clock.toFixed(2)} s a pass`;
        return [speed, `${(of(whose, 'processor') * 1000).toFixed(0)} ms`];
      };
      results.push([role, ...shown('ours'), ...shown('theirs'), `${wall.toFixed(2)}×`, `${processor.toFixed(2)}×`]);
    }
    const header = [
      'network',
      'imported',
      'processor',
      'exported by torch',
      'processor',
      'faster',
      'by processor time',
    ];
    console.log(table(header, results));
    if (slower) process.exitCode = 1;
  } finally {
    await lanes?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

await new Command('bench:import')
  .description('import checkpoints, and compare the speed of the networks with those that torch exported')
  .requiredOption('--checkpoints <folder>', "NYU's three checkpoints")
  .requiredOption('--reference <folder>', 'ONNX files that torch exported from the same weights')
  .option('--rounds <number>', 'how often each network is timed', '7')
  .action(main)
  .parseAsync();
