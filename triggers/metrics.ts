import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Relevance } from './relevance.js';

/** Where an event came from. */
export type EventSource = 'webhook' | 'sqs';

/** How a request to the webhook was answered. */
export type RequestOutcome =
  | 'accepted'
  | 'unauthorised'
  | 'rate_limited'
  | 'too_large'
  | 'overloaded'
  | 'unreadable'
  | 'aborted'
  | 'not_found';

/** What became of a queued message. One that is left goes to the dead-letter queue when it was received too often. */
export type MessageOutcome = 'received' | 'deleted' | 'left' | 'delete_failed';

/** What a receiver counts. Everything ends up in one registry, which is served for Prometheus. */
export interface ReceiverMetrics {
  readonly registry: Registry;
  readonly requests: Counter<'outcome'>;
  readonly events: Counter<'source' | 'outcome'>;
  readonly messages: Counter<'outcome'>;
  readonly queueErrors: Counter;
  readonly hints: Counter<'outcome'>;
  readonly lastHint: Gauge;
}

/** What an event came to: its relevance, or that it was only a test, asked for a subscription, or could not be read. */
export type EventOutcome = Relevance | 'test' | 'subscription' | 'other' | 'unreadable';

/**
 * The metrics of a receiver, with those of its process (memory, event loop, CPU).
 *
 * @param isHintWaiting asked whenever the metrics are read
 */
export function receiverMetrics(isHintWaiting: () => boolean): ReceiverMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'mammoflow_receiver_hint_waiting',
    help: '1 while there is a hint that Temporal has not been given yet.',
    registers,
    collect() {
      this.set(isHintWaiting() ? 1 : 0);
    },
  });
  return {
    registry,
    requests: new Counter({
      name: 'mammoflow_receiver_requests_total',
      help: 'Requests to the webhook, by how they were answered.',
      labelNames: ['outcome'],
      registers,
    }),
    events: new Counter({
      name: 'mammoflow_receiver_events_total',
      help: 'Events in accepted requests and messages, by what they came to; inbox is a reason for a hint.',
      labelNames: ['source', 'outcome'],
      registers,
    }),
    messages: new Counter({
      name: 'mammoflow_receiver_messages_total',
      help: 'Messages of the queue, by what became of them.',
      labelNames: ['outcome'],
      registers,
    }),
    queueErrors: new Counter({
      name: 'mammoflow_receiver_queue_errors_total',
      help: 'Requests to the queue that failed.',
      registers,
    }),
    hints: new Counter({
      name: 'mammoflow_receiver_hints_total',
      help: 'Hints to the take-in workflow: delivered ones and failed tries.',
      labelNames: ['outcome'],
      registers,
    }),
    lastHint: new Gauge({
      name: 'mammoflow_receiver_last_hint_timestamp_seconds',
      help: 'When Temporal was last given a hint, in seconds since 1970.',
      registers,
    }),
  };
}
