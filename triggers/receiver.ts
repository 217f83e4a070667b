import { SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import type { Logger } from 'pino';
import { MammoflowError } from '../pipeline/errors.js';
import { hintInbox } from './hint.js';
import { coalesceHints, HINT_INTERVAL_MS } from './hints.js';
import { receiverMetrics } from './metrics.js';
import { startMetricsServer } from './metrics-server.js';
import type { EventSink } from './notice-events.js';
import { consumeQueue } from './queue.js';
import { sparseLog } from './sparse-log.js';
import { startWebhook, type WebhookSettings } from './webhook.js';

/** Where events come from and what they are made into. */
export interface ReceiverSettings {
  /** The branch that the inbox is taken into. */
  readonly branch: string;
  /** The bucket whose inbox it is. */
  readonly bucket: string;
  readonly temporal: { readonly connection: ConnectionOptions; readonly namespace: string };
  readonly webhook?: WebhookSettings;
  readonly queue?: { readonly url: string; readonly config?: SQSClientConfig };
  readonly metrics?: { readonly host: string; readonly port: number };
  readonly hintIntervalMs?: number;
  /** What else Temporal needs to be given once, after the first hint. Tried again after the next one where it fails. */
  readonly prepare?: (client: Client) => Promise<void>;
  readonly log: Logger;
}

/** A receiver that runs. */
export interface Receiver {
  /** `http://host:port` of what listens. */
  readonly webhook?: string;
  readonly metrics?: string;
  /** Takes no more events, gives Temporal the last hint and ends. Calling it twice does no harm. */
  close(): Promise<void>;
}

/** A hint that Temporal has not taken by then has failed, and is tried again. */
const HINT_WITHIN_MS = 5000;

/**
 * Receives events and tells the take-in workflow, at most once a second, that the inbox may have changed. Starts
 * whether Temporal answers or not: hints wait until it does. Begins with a hint, since what was sent while no receiver
 * ran is lost.
 *
 * @throws MammoflowError `invalid-configuration` or `service-unavailable` where a source cannot be opened; nothing
 *   stays open then
 */
export async function startReceiver(settings: ReceiverSettings): Promise<Receiver> {
  const { branch, bucket, temporal, log, hintIntervalMs = HINT_INTERVAL_MS, prepare } = settings;
  const warn = sparseLog(log);
  const connection = Connection.lazy({
    ...temporal.connection,
    // No retries inside a call: that a hint fails is to be seen at once, and queues are not to be read on meanwhile.
    interceptors: [],
    // By itself gRPC would wait up to two minutes before it looks for a server that is back.
    channelArgs: {
      ...temporal.connection.channelArgs,
      'grpc.initial_reconnect_backoff_ms': 500,
      'grpc.max_reconnect_backoff_ms': 5000,
    },
  });
  const client = new Client({ connection, namespace: temporal.namespace });
  const hints = coalesceHints({
    intervalMs: hintIntervalMs,
    send: (events) =>
      client.withDeadline(Date.now() + HINT_WITHIN_MS, () => hintInbox(client, { branch, hints: events })),
    onDelivered() {
      metrics.hints.inc({ outcome: 'delivered' });
      metrics.lastHint.setToCurrentTime();
      if (prepare !== undefined) preparing ??= once(prepare);
    },
    onFailed(error) {
      metrics.hints.inc({ outcome: 'failed' });
      warn('Temporal does not take the hint: trying again', { reason: (error as Error).message });
    },
  });
  let preparing: Promise<void> | undefined;
  async function once(work: (client: Client) => Promise<void>): Promise<void> {
    try {
      await client.withDeadline(Date.now() + HINT_WITHIN_MS, () => work(client));
    } catch (error) {
      preparing = undefined;
      warn('Temporal could not be prepared: trying again after the next hint', { reason: (error as Error).message });
    }
  }
  const metrics = receiverMetrics(() => hints.waiting());
  const sink: EventSink = { bucket, hints, metrics, warn };
  const closing: (() => Promise<void> | void)[] = [];
  let started = false;
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= (async () => {
      // Sources wait for hints, so they are told to end first and waited for last.
      const sources = closing.map((end) => end());
      await hints.close();
      await Promise.all([...sources, preparing]);
      await connection.close();
      if (started) log.info('receiver stopped');
    })();
    return closed;
  };
  try {
    const opened: { webhook?: string; metrics?: string } = {};
    if (settings.webhook !== undefined) {
      const webhook = await startWebhook(settings.webhook, sink);
      closing.push(webhook.close);
      opened.webhook = webhook.address;
    }
    if (settings.metrics !== undefined) {
      const server = await startMetricsServer(settings.metrics, sink);
      closing.push(server.close);
      opened.metrics = server.address;
    }
    if (settings.queue !== undefined) {
      const { url, config = {} } = settings.queue;
      const sqs = new SQSClient({ ...regionOf(url), ...config });
      const consumer = await consumeQueue(sqs, url, sink);
      closing.push(async () => {
        await consumer.close();
        sqs.destroy();
      });
    }
    hints.request();
    started = true;
    log.info({ ...opened, queue: settings.queue?.url, bucket, branch }, 'receiver started');
    return { ...opened, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The region that an AWS queue URL names, since a request must be signed for it whatever `AWS_REGION` says. */
function regionOf(queueUrl: string): { region?: string } {
  if (!URL.canParse(queueUrl)) {
    throw new MammoflowError(
      'invalid-argument',
      `${queueUrl} is not the URL of a queue.`,
      'Give the URL as `aws sqs get-queue-url` prints it.',
    );
  }
  const region = /^sqs\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/.exec(new URL(queueUrl).hostname)?.[1];
  return region === undefined ? {} : { region };
}
