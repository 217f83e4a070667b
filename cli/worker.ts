import { Command, InvalidArgumentError, Option } from 'commander';
import { SERVED_ROLES, type ServedRole } from '../infra/dev/worker-roles.js';
import { DEFAULT_GRACE_SECONDS } from '../workers/grace.js';
import { type Address, parseAddress } from './addresses.js';
import { dataOption, parseSeconds, parseServedRoles } from './options.js';

/** What a worker is told by its options. */
export interface WorkerOptions {
  readonly data: string;
  readonly role: readonly ServedRole[];
  readonly stage?: readonly string[];
  readonly queue?: string;
  readonly cache?: string;
  readonly cacheSize: string;
  readonly nice: number;
  readonly grace: number;
  readonly killedAfter?: number;
  readonly metrics?: Address;
}

/** `mammoflow worker`: serves task queues until it is told to stop. */
export function workerCommand(): Command {
  return new Command('worker')
    .description('serve the task queues of one or more roles until stopped')
    .addOption(
      new Option('--role <roles>', `what to serve, separated by commas: ${SERVED_ROLES.join(', ')}`)
        .argParser(parseServedRoles)
        .makeOptionMandatory(),
    )
    .addOption(new Option('--stage <stages...>', 'serve only these stages; needs --queue'))
    .addOption(new Option('--queue <name>', "a task queue to serve instead of the role's own"))
    .addOption(new Option('--cache <folder>', 'folder for downloaded inputs').env('MAMMOFLOW_CACHE'))
    .addOption(
      new Option('--cache-size <gigabytes>', 'how much of them to keep').env('MAMMOFLOW_CACHE_GB').default('10'),
    )
    .addOption(
      new Option('--nice <increment>', 'give way to other processes on this machine').argParser(parseNice).default(0),
    )
    .addOption(
      new Option('--grace <seconds>', 'how long datums may take to end after SIGTERM')
        .argParser(parseSeconds)
        .env('MAMMOFLOW_GRACE')
        .default(DEFAULT_GRACE_SECONDS),
    )
    .addOption(
      new Option('--killed-after <seconds>', 'when whoever sends SIGTERM kills: refuses a grace that does not fit')
        .argParser(parseSeconds)
        .env('MAMMOFLOW_KILLED_AFTER'),
    )
    .addOption(
      new Option('--metrics <host:port>', 'serve Prometheus metrics, /healthz and /readyz there')
        .argParser(parseAddress)
        .env('MAMMOFLOW_METRICS'),
    )
    .addOption(dataOption())
    .addHelpText(
      'after',
      `
Roles:
  workflow  workflows and bookkeeping, light
  cpu       the stages crop, extract_centers, check_quality, check_response and visualize_heatmaps, in worker threads
  gpu       the stages generate_heatmaps and classify, in an inference process of its own
  delivery  results to where they go, as DICOM objects; needs DCMTK for associations, credentials of destinations, and
            the key and map of identities (MAMMOFLOW_PSEUDONYM_KEY_FILE, MAMMOFLOW_IDENTITIES)

A worker finds Temporal and S3 through TEMPORAL_*, AWS_* and MAMMOFLOW_BUCKET, or the services of \`mammoflow up\`.
Start as many workers of a role as you like, on as many machines. SIGTERM ends one gracefully: datums that can be done
within --grace are finished, and all others go to another worker at once. A second SIGTERM ends it immediately.

A stage can have workers of its own: \`mammoflow stage set <stage> --queue <name>\` sends its work to that queue, and
--stage and --queue make a worker that serves nothing else.

Environment: MAMMOFLOW_CPU_THREADS, MAMMOFLOW_INFERENCE_THREADS, MAMMOFLOW_EXECUTION_PROVIDERS, MAMMOFLOW_LOG_LEVEL.

Examples:
  $ mammoflow worker --role cpu,gpu
  $ mammoflow worker --role cpu --stage visualize_heatmaps --queue pictures`,
    )
    .action(async (options: WorkerOptions) => (await import('./serve-queues.js')).serveQueues(options));
}

function parseNice(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= 19) return value;
  throw new InvalidArgumentError('It is a whole number from 0 to 19.');
}
