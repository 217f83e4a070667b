import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { Command } from 'commander';
import { createVersionedBucket } from '../infra/dev/s3-server.js';
import { startServices } from '../infra/dev/services.js';
import { serviceEnvironment } from '../infra/dev/stack.js';
import { packageRoot } from '../infra/package-root.js';
import { machine, table } from './system.js';

/**
 * How long a verb takes from the shell's point of view: whole processes on a small repo, this build in turns with another
 * checkout of mammoflow where one is given. See docs/benchmarks.md.
 */

const VERBS = [
  ['--version'],
  ['log', '--help'],
  ['put', '--help'],
  ['worker', '--help'],
  ['log'],
  ['ls', 'models'],
  ['models', 'list'],
  ['results'],
];

interface Options {
  readonly runs: string;
  readonly before?: string;
}

/** Milliseconds from start to end. @throws Error when the command fails. */
function timeOf(checkout: string, args: readonly string[], env: NodeJS.ProcessEnv): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [join(checkout, 'bin', 'mammoflow.mjs'), ...args], {
    env,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`mammoflow ${args.join(' ')} in ${checkout} ended with ${status}: ${stderr}`);
  return performance.now() - start;
}

const medianOf = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

async function main(options: Options): Promise<void> {
  const runs = Number(options.runs);
  const before = options.before === undefined ? undefined : resolve(options.before);
  const folder = await mkdtemp(join(tmpdir(), 'mammoflow-bench-'));
  const services = await startServices({ dataFolder: folder, ephemeral: true, log: () => undefined });
  try {
    const { endpoint, region, accessKeyId, secretAccessKey } = services.s3;
    const s3 = { ...services.s3, bucket: 'verbs' };
    const client = new S3Client({
      endpoint,
      region,
      credentials: { accessKeyId, secretAccessKey },
      forcePathStyle: true,
    });
    await createVersionedBucket(client, s3.bucket);
    client.destroy();
    // Nothing answers there: the verbs measured must not need it.
    const temporal = { address: '127.0.0.1:9', namespace: 'default' };
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...serviceEnvironment({ temporal, s3 }) };
    const bundle = join(packageRoot, 'models', 'placeholder', 'bundle');
    timeOf(packageRoot, ['put', 'models', bundle, '--no-process'], env);
    const checkouts = before === undefined ? [packageRoot] : [before, packageRoot];
    const rows = VERBS.map((args) => {
      const times = checkouts.map((): number[] => []);
      // In turns, so that a machine whose speed drifts does not favour one of them; the first round warms the disk cache.
      for (let run = 0; run <= runs; run += 1) {
        for (const [index, checkout] of checkouts.entries()) {
          const time = timeOf(checkout, args, env);
          if (run > 0) times[index]?.push(time);
        }
      }
      const medians = times.map(medianOf);
      const [first = 0, last = first] = medians;
      return [
        `mammoflow ${args.join(' ')}`,
        ...medians.map((time) => `${time.toFixed(0)} ms`),
        ...(before === undefined ? [] : [(last / first).toFixed(2)]),
      ];
    });
    const bare: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const start = performance.now();
      spawnSync(process.execPath, ['-e', '0'], { env });
      bare.push(performance.now() - start);
    }
    console.log(`${machine()}; median of ${runs}; Node by itself ${medianOf(bare).toFixed(0)} ms\n`);
    console.log(table(before === undefined ? ['command', 'time'] : ['command', 'before', 'now', 'now / before'], rows));
  } finally {
    await services.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const command = new Command('bench:verbs')
  .description('time verbs as whole processes')
  .option('--runs <count>', 'counted runs of each', '9')
  .option('--before <checkout>', 'another built checkout of mammoflow, run in turns with this one');
await main(command.parse().opts<Options>());
