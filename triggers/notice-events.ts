import type { Hints } from './hints.js';
import type { EventSource, ReceiverMetrics } from './metrics.js';
import type { Notification } from './notification.js';
import { relevanceOf } from './relevance.js';
import type { SparseLog } from './sparse-log.js';

/** What a source of events works with. */
export interface EventSink {
  /** The bucket whose inbox is taken in. */
  readonly bucket: string;
  readonly hints: Hints;
  readonly metrics: ReceiverMetrics;
  /** Neither keys nor bodies go into the log: a badly named upload may carry a patient's name. */
  readonly warn: SparseLog;
}

/**
 * Counts what a notification says, and requests a hint where it concerns the inbox.
 *
 * @returns true where a hint was requested
 */
export function noticeEvents(
  { bucket, hints, metrics, warn }: EventSink,
  source: EventSource,
  notification: Notification | undefined,
): boolean {
  const count = (outcome: string, events = 1): void => metrics.events.inc({ source, outcome }, events);
  if (notification === undefined) {
    count('unreadable');
    warn('not a notification of a storage service', { source });
    return false;
  }
  if (notification.kind === 'subscription') {
    const { topic, token } = notification;
    count('subscription');
    // Not confirmed by ourselves: whoever has the token could have this service subscribe to a topic of theirs.
    const confirm = `aws sns confirm-subscription --topic-arn ${topic} --token ${token}`;
    warn('an SNS topic asks whether it may send events here: confirm it if it is yours', { source, topic, confirm });
    return false;
  }
  if (notification.kind !== 'events') {
    count(notification.kind);
    return false;
  }
  let relevant = 0;
  for (const event of notification.events) {
    const relevance = relevanceOf(event, bucket);
    count(relevance);
    if (relevance === 'inbox') relevant += 1;
    if (relevance === 'other_bucket') warn('event of another bucket ignored', { source });
    if (relevance === 'bad_key') warn('event with a key that cannot be one of the inbox ignored', { source });
  }
  if (notification.unreadable > 0) {
    count('unreadable', notification.unreadable);
    warn('records that cannot be read ignored', { source, records: notification.unreadable });
  }
  if (relevant > 0) hints.request(relevant);
  return relevant > 0;
}
