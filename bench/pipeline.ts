import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { Command } from 'commander';
import { LABELS, predictionsSchema, VARIANTS } from '../pipeline/predictions.js';
import { sharedFolder } from '../tests/support/shared.js';
import { MOST_OF_OTHERS, watchOtherProcesses } from './other-processes.js';
import { openPeer, type Peer, type PeerResult, type PeerSetting } from './peer/peer.js';
import { machine, openBenchSystem, table } from './system.js';

/**
 * Times the whole pipeline on one exam, stage by stage, inside the running system, and the original's way of doing the
 * same work in the same run on the same machine. See docs/benchmarks.md.
 */

/** A stage of ours, the peer's stages that do the same, and how many times faster ours is to be. */
const COMPARED = [
  { stage: 'crop', peer: ['crop'], shipped: 1, tuned: undefined },
  { stage: 'extract_centers', peer: ['extract_centers'], shipped: 1, tuned: undefined },
  { stage: 'generate_heatmaps', peer: ['generate_heatmaps'], shipped: 4, tuned: 1.7 },
  { stage: 'classify', peer: ['classify_image', 'classify_imageheatmaps'], shipped: 2.5, tuned: undefined },
] as const;
const THREADS = 2;
/** Probabilities of ours and of the peer may differ by this much, or the two did not do the same work. */
const SAME_WORK = 1e-4;

interface Run {
  readonly seconds: Readonly<Record<string, number>>;
  readonly predictions: Readonly<Record<(typeof VARIANTS)[number], Readonly<Record<string, number>>>>;
  readonly loadBefore: number;
}

/** The share of the processors' time that other processes took during a part of the benchmark, where that can be known. */
interface Disturbance {
  readonly part: string;
  readonly share: number | undefined;
}

async function runOurs(exam: string, models: string): Promise<Run> {
  const loadBefore = loadavg()[0] as number;
  const system = await openBenchSystem(THREADS);
  try {
    await system.put('models', models);
    await system.put('exams', exam);
    const job = await system.process();
    const datums = await system.datums();
    // From before the inputs are fetched until the output is stored.
    const stages = datums.map(({ document, startedAt, finishedAt }): [string, number] => [
      document.stage,
      (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000,
    ]);
    const classified = datums.find(({ document }) => document.stage === 'classify');
    return {
      seconds: { ...Object.fromEntries(stages), all: job.seconds },
      predictions: predictionsSchema.parse(classified?.summary),
      loadBefore,
    };
  } finally {
    await system.close();
  }
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2;
};
const sumOf = (run: PeerResult, stages: readonly string[]): number =>
  stages.reduce((sum, stage) => sum + (run.seconds[stage] as number), 0);
const text = (seconds: number | undefined): string => (seconds === undefined ? '–' : `${seconds.toFixed(1)} s`);
const ratioText = (ratio: number | undefined): string => (ratio === undefined ? '–' : `${ratio.toFixed(2)}×`);

/** The largest difference between our probabilities and the peer's. */
function largestDifference(ours: Run, peer: PeerResult): number {
  const differences = VARIANTS.flatMap((variant) =>
    LABELS.map((label) => Math.abs((ours.predictions[variant][label] as number) - (peer[variant][label] as number))),
  );
  return Math.max(...differences);
}

interface Compared {
  readonly stage: string;
  readonly ours: number;
  readonly shipped: number | undefined;
  readonly tuned: number | undefined;
  readonly target: string;
  readonly met: boolean | undefined;
}

function compare(runs: readonly Run[], peers: Readonly<Record<PeerSetting, readonly PeerResult[]>>): Compared[] {
  const ours = (stage: string): number => median(runs.map((run) => run.seconds[stage] as number));
  const theirs = (setting: PeerSetting, stages: readonly string[]): number | undefined =>
    peers[setting].length === 0 ? undefined : median(peers[setting].map((run) => sumOf(run, stages)));
  const compared = COMPARED.map((wanted): Compared => {
    const seconds = ours(wanted.stage);
    const shipped = theirs('shipped', wanted.peer);
    const tuned = theirs('tuned', wanted.peer);
    const checks = [
      shipped === undefined ? undefined : shipped / seconds >= wanted.shipped,
      tuned === undefined || wanted.tuned === undefined ? undefined : tuned / seconds >= wanted.tuned,
    ].filter((check) => check !== undefined);
    const target = wanted.tuned === undefined ? `${wanted.shipped}×` : `${wanted.shipped}×, tuned ${wanted.tuned}×`;
    const met = checks.length === 0 ? undefined : checks.every(Boolean);
    return { stage: wanted.stage, ours: seconds, shipped, tuned, target, met };
  });
  const none = { shipped: undefined, tuned: undefined, target: '–', met: undefined };
  const peerStages = COMPARED.flatMap(({ peer }) => peer);
  return [
    ...compared,
    ...['check_quality', 'visualize_heatmaps'].map((stage) => ({ ...none, stage, ours: ours(stage) })),
    {
      ...none,
      stage: 'all',
      ours: ours('all'),
      shipped: theirs('shipped', peerStages),
      tuned: theirs('tuned', peerStages),
    },
  ];
}

function print(rows: readonly Compared[]): void {
  const header = ['stage', 'ours', 'as shipped', 'ratio', 'tuned', 'ratio', 'target', 'met'];
  const cells = rows.map(({ stage, ours, shipped, tuned, target, met }) => [
    stage,
    text(ours),
    text(shipped),
    ratioText(shipped === undefined ? undefined : shipped / ours),
    text(tuned),
    ratioText(tuned === undefined ? undefined : tuned / ours),
    target,
    met === undefined ? '–' : met ? 'yes' : 'NO',
  ]);
  console.log(table(header, cells));
}

function printDisturbances(all: readonly Disturbance[], disturbed: readonly Disturbance[]): void {
  const percent = (share: number | undefined): string => (share === undefined ? '–' : `${(100 * share).toFixed(1)} %`);
  const parts = all.map(({ part, share }) => [part, percent(share)]);
  console.log(`\n${table(['part', "processors' time that others took"], parts)}`);
  if (disturbed.length === 0) return;
  console.log(
    `\nNo verdict: other processes took more than ${percent(MOST_OF_OTHERS)} during ${disturbed.map(({ part }) => part).join('; ')}.` +
      '\nRun it again when the machine does nothing else.',
  );
}

interface Options {
  readonly exam: string;
  readonly models: string;
  readonly peer?: boolean;
  readonly checkpoints?: string;
  readonly golden?: string;
  readonly runs: string;
  readonly json?: string;
}

async function main(options: Options): Promise<void> {
  const exam = resolve(options.exam);
  const shared = sharedFolder();
  const checkpoints = options.checkpoints ?? (shared && join(shared, 'reference', 'checkpoints'));
  const golden = options.golden ?? (shared && join(shared, 'reference', 'golden', basename(exam)));
  let peer: Peer | undefined;
  if (options.peer) {
    if (checkpoints === undefined) throw new Error('The peer needs --checkpoints <folder> with the *.p files.');
    try {
      peer = await openPeer({ checkpoints: resolve(checkpoints), golden, log: (line) => console.error(line) });
    } catch (error) {
      console.error(`The peer cannot be had here: ${(error as Error).message}`);
    }
  }
  const runs: Run[] = [];
  const peers: Record<PeerSetting, PeerResult[]> = { shipped: [], tuned: [] };
  const disturbances: Disturbance[] = [];
  const watched = async <T>(part: string, work: () => Promise<T>): Promise<T> => {
    console.error(part);
    const others = watchOtherProcesses();
    const result = await work();
    disturbances.push({ part, share: others() });
    return result;
  };
  for (let run = 1; run <= Number(options.runs); run += 1) {
    runs.push(await watched(`run ${run}: mammoflow`, () => runOurs(exam, resolve(options.models))));
    for (const setting of peer === undefined ? [] : (['tuned', 'shipped'] as const)) {
      const runPeer = (): Promise<PeerResult> => (peer as Peer).run(setting, exam);
      peers[setting].push(await watched(`run ${run}: peer, ${setting}`, runPeer));
    }
  }

  const disturbed = disturbances.filter(({ share }) => share !== undefined && share > MOST_OF_OTHERS);
  // Seconds of a machine that did something else as well say nothing about ours or the peer's.
  const rows = compare(runs, peers).map((row) => (disturbed.length === 0 ? row : { ...row, met: undefined }));
  console.log(`${new Date().toISOString()}  ${machine()}${peer === undefined ? '' : `, torch ${peer.torch}`}`);
  const loads = runs.map(({ loadBefore }) => loadBefore.toFixed(2)).join(', ');
  console.log(`exam ${basename(exam)}, ${THREADS} threads, median of ${runs.length}; load before: ${loads}\n`);
  print(rows);
  printDisturbances(disturbances, disturbed);
  const everyPeer = [...peers.shipped, ...peers.tuned];
  const differences = everyPeer.map((result) => largestDifference(runs[0] as Run, result));
  if (everyPeer.length > 0) {
    const largest = Math.max(...differences);
    console.log(`\nLargest difference between our probabilities and the peer's: ${largest.toExponential(1)}`);
    if (largest > SAME_WORK) {
      console.log('They did not do the same work: give --models the networks that --checkpoints holds.');
      process.exitCode = 1;
    }
    const checked = everyPeer[0]?.golden;
    if (checked !== undefined) {
      console.log(`The peer against recorded results: ${checked.largestPredictionDifference.toExponential(1)}`);
    }
  } else {
    console.log('\nNo peer ran, so no target was checked.');
    if (options.peer) {
      console.log(
        'For orientation only, from another machine (2 cores with AVX-512): onnxruntime in Python with 2 × 1 thread\n' +
          'took 24.0 s for the heatmaps of gmic-0 and 6.6 s for the networks of classify.',
      );
    }
  }
  if (rows.some(({ met }) => met === false) || disturbed.length > 0) process.exitCode = 1;
  if (options.json !== undefined) {
    const document = {
      machine: machine(),
      torch: peer?.torch,
      exam: basename(exam),
      threads: THREADS,
      disturbances,
      rows,
      runs,
      peers,
    };
    await writeFile(options.json, `${JSON.stringify(document, null, 2)}\n`);
  }
}

await new Command('bench:pipeline')
  .description('time every stage on one exam inside the running system')
  .requiredOption('--exam <folder>', 'an exam')
  .requiredOption('--models <folder>', 'a bundle; for the peer, the networks that its checkpoints hold')
  .option('--peer', 'time the original way of doing it too')
  .option('--checkpoints <folder>', "the peer's networks as torch checkpoints")
  .option('--golden <folder>', 'recorded results that the peer checks itself against')
  .option('--runs <number>', 'how often, alternating; medians are printed', '1')
  .option('--json <file>', 'write everything there as well')
  .action(main)
  .parseAsync();
