import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { MammoflowError } from '../pipeline/errors.js';
import { type EventSink, noticeEvents } from './notice-events.js';
import { readNotification } from './notification.js';

/** The most that SQS hands out at once, and waits for a message (ReceiveMessage). */
const BATCH = 10;
const LONG_POLL_SECONDS = 20;
/** Messages that wait for one hint together. Also what this process holds at most, at 1 MB each in the worst case. */
const MOST_UNDER_WAY = 200;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;

interface Receipts {
  /** Of messages that wait for a hint. */
  readonly hinted: string[];
  /** Of messages that concern something else than the inbox. */
  readonly unneeded: string[];
}

/** A queue that is being emptied. */
export interface QueueConsumer {
  /** Receives no more, and waits for what was received. */
  close(): Promise<void>;
}

/**
 * Empties a queue of notifications.
 *
 * A message is deleted when Temporal has a hint that began after the message was received, or when it cannot concern
 * the inbox. One that cannot be read is left: after `maxReceiveCount` deliveries the queue's redrive policy moves it to
 * the dead-letter queue, where somebody can look at it. While Temporal takes no hints nothing is received, so that an
 * outage does not use up the deliveries of good messages.
 *
 * @throws MammoflowError `invalid-configuration` where there is no such queue
 */
export async function consumeQueue(client: SQSClient, queueUrl: string, sink: EventSink): Promise<QueueConsumer> {
  const { hints, metrics, warn } = sink;
  await inspectQueue(client, queueUrl, sink);
  const closing = new AbortController();
  const underWay = new Set<Promise<void>>();
  let messagesUnderWay = 0;

  async function receive(): Promise<void> {
    let retry = FIRST_RETRY_MS;
    while (!closing.signal.aborted) {
      await hints.working();
      while (messagesUnderWay > MOST_UNDER_WAY - BATCH) await Promise.race(underWay);
      try {
        const { Messages = [] } = await client.send(
          new ReceiveMessageCommand({
            QueueUrl: queueUrl,
            MaxNumberOfMessages: BATCH,
            WaitTimeSeconds: LONG_POLL_SECONDS,
          }),
          { abortSignal: closing.signal },
        );
        retry = FIRST_RETRY_MS;
        if (Messages.length > 0) track(Messages);
      } catch (error) {
        if (closing.signal.aborted) return;
        metrics.queueErrors.inc();
        warn('the queue cannot be read: trying again', { err: error });
        await sleep(retry, undefined, { signal: closing.signal }).catch(() => undefined);
        retry = Math.min(retry * 2, LONGEST_RETRY_MS);
      }
    }
  }

  function track(messages: readonly Message[]): void {
    const count = messages.length;
    metrics.messages.inc({ outcome: 'received' }, count);
    messagesUnderWay += count;
    const handled = settle(sort(messages))
      .catch((error) => {
        metrics.queueErrors.inc();
        warn('messages could not be deleted: they will come again', { err: error });
      })
      .finally(() => {
        messagesUnderWay -= count;
        underWay.delete(handled);
      });
    underWay.add(handled);
  }

  /** From here on only the receipts are kept, so that bodies do not pile up while messages wait for a hint. */
  function sort(messages: readonly Message[]): Receipts {
    const receipts: Receipts = { hinted: [], unneeded: [] };
    for (const { Body = '', ReceiptHandle = '' } of messages) {
      const notification = readNotification(Body);
      const relevant = noticeEvents(sink, 'sqs', notification);
      if (notification === undefined) metrics.messages.inc({ outcome: 'left' });
      else (relevant ? receipts.hinted : receipts.unneeded).push(ReceiptHandle);
    }
    return receipts;
  }

  async function settle({ hinted, unneeded }: Receipts): Promise<void> {
    const hint = hinted.length === 0 ? Promise.resolve() : hints.delivered();
    await Promise.all([
      remove(unneeded),
      hint.then(
        () => remove(hinted),
        // Closed without a hint: the queue delivers them again.
        () => metrics.messages.inc({ outcome: 'left' }, hinted.length),
      ),
    ]);
  }

  async function remove(receipts: readonly string[]): Promise<void> {
    if (receipts.length === 0) return;
    const { Failed = [] } = await client.send(
      new DeleteMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: receipts.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle })),
      }),
    );
    metrics.messages.inc({ outcome: 'deleted' }, receipts.length - Failed.length);
    if (Failed.length > 0) {
      metrics.messages.inc({ outcome: 'delete_failed' }, Failed.length);
      warn('messages could not be deleted: they will come again', { code: Failed[0]?.Code });
    }
  }

  const receiving = receive();
  return {
    async close() {
      closing.abort();
      await receiving;
      await Promise.all(underWay);
    },
  };
}

/** Says at the start what is wrong with the queue. That it does not answer is no reason to give up. */
async function inspectQueue(client: SQSClient, queueUrl: string, { warn }: EventSink): Promise<void> {
  try {
    const { Attributes = {} } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['RedrivePolicy', 'VisibilityTimeout'] }),
    );
    if (Attributes.RedrivePolicy === undefined) {
      warn('the queue has no dead-letter queue: what cannot be read will be delivered again and again', {
        queue: queueUrl,
      });
    }
    // A hint takes up to a second to begin, and some to be given.
    if (Number(Attributes.VisibilityTimeout ?? 30) < 30) {
      warn('the visibility timeout of the queue is below 30 s: messages will be delivered more than once', {
        queue: queueUrl,
      });
    }
  } catch (error) {
    const { name, message } = error as Error;
    if (/NonExistentQueue|QueueDoesNotExist/.test(name)) {
      throw new MammoflowError(
        'invalid-configuration',
        `There is no queue ${queueUrl}.`,
        'Correct the URL that follows --sqs (`aws sqs list-queues`), or AWS_REGION.',
        { cause: error },
      );
    }
    warn('the queue cannot be looked at', { queue: queueUrl, reason: message });
  }
}
