import { Command, Option } from 'commander';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import { REQUESTS_PER_SECOND } from '../triggers/limits.js';
import { type Address, parseAddress } from './addresses.js';
import { type CommonOptions, dataOption, jsonOption, parseCount } from './options.js';

/** What a receiver is told by its options. */
export interface ReceiveOptions extends CommonOptions {
  /** `true` for the usual address. */
  readonly webhook?: Address | true;
  readonly sqs?: string;
  readonly branch: string;
  readonly metrics?: Address;
  readonly rate: number;
  /** In seconds. */
  readonly lookEvery: number;
}

/** `mammoflow receive`: hears of uploads until it is told to stop. */
export function receiveCommand(): Command {
  return new Command('receive')
    .description('hear of uploads to the inbox, by webhook or from an SQS queue, until stopped')
    .addOption(
      new Option('--webhook [host:port]', 'listen for notifications over HTTP (127.0.0.1:8480)').argParser(
        parseAddress,
      ),
    )
    .option('--sqs <queue-url>', 'empty this queue of notifications')
    .option('--branch <name>', 'the branch that the inbox is taken into', DEFAULT_BRANCH)
    .addOption(
      new Option('--rate <requests>', 'requests a second that the webhook answers one sender')
        .argParser(parseCount)
        .default(REQUESTS_PER_SECOND),
    )
    .addOption(
      new Option('--look-every <seconds>', 'have Temporal look into the inbox this often, events or not')
        .argParser(parseCount)
        .default(60),
    )
    .addOption(
      new Option('--metrics <host:port>', 'serve Prometheus metrics and /health there')
        .env('MAMMOFLOW_RECEIVER_METRICS')
        .argParser(parseAddress),
    )
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
An event is only a hint that the inbox has something: Temporal is told at most once a second, and what is taken in is
what lies there. So events may be lost, doubled, late or forged; a Temporal Schedule, which the receiver sets up, looks
into the inbox anyway. \`mammoflow up\` and \`npm start\` run a receiver for the embedded S3 server by themselves.

The webhook takes POST /events from senders that know MAMMOFLOW_WEBHOOK_TOKEN ("Authorization: Bearer <token>",
/events?token=<token> or /events/<token>), or that sign the body with MAMMOFLOW_WEBHOOK_SECRET ("X-Hub-Signature-256:
sha256=<HMAC-SHA-256 in hex>"). GET /health answers 200.

A message of the queue is deleted when Temporal has the hint. One that cannot be read is left for the queue's
dead-letter queue. Credentials come from the AWS SDK's own chain.

MAMMOFLOW_BUCKET is the bucket whose inbox it is; a receiver needs no access to it. SIGTERM ends it gracefully.

Examples:
  $ MAMMOFLOW_WEBHOOK_TOKEN=$(openssl rand -hex 32) mammoflow receive --webhook 0.0.0.0:8480
  $ mammoflow receive --sqs https://sqs.eu-central-1.amazonaws.com/123456789012/mammoflow-inbox`,
    )
    .action(async (options: ReceiveOptions) => (await import('./receive-events.js')).receiveEvents(options));
}
