import { z } from 'zod';

/** An object that a storage service says something about. Nothing of it is believed: it only leads to a look at the inbox. */
export interface ObjectEvent {
  /** True where the object was written, false where it was removed, tagged and so on. */
  readonly created: boolean;
  readonly bucket: string;
  /** Decoded; undefined where it cannot be decoded. */
  readonly key: string | undefined;
}

/** What a message of a storage service says, whichever service and whatever it was wrapped in. */
export type Notification =
  | { readonly kind: 'events'; readonly events: readonly ObjectEvent[]; readonly unreadable: number }
  /** Sent when a notification is set up, to try the way. */
  | { readonly kind: 'test' }
  /** A topic that asks whether it may send to this address. */
  | { readonly kind: 'subscription'; readonly topic: string; readonly token: string }
  /** Something true that has no consequence, such as the end of a subscription. */
  | { readonly kind: 'other' };

/** A key has at most 1,024 bytes, each three characters when escaped. */
const keySchema = z.string().min(1).max(3072);
const bucketSchema = z.object({ name: z.string().min(1).max(255) });

/**
 * One record of `s3:ObjectCreated:*` as AWS, MinIO and versitygw write it (Amazon S3 User Guide, "Event message
 * structure"). AWS leaves the `s3:` out of the name, and the two others do not. The key is escaped as in a form.
 */
const recordSchema = z.object({
  eventName: z.string().min(1).max(128),
  s3: z.object({ bucket: bucketSchema, object: z.object({ key: keySchema }) }),
});
const recordsSchema = z.object({ Records: z.array(z.unknown()).min(1) });

/** An event of Amazon EventBridge ("Amazon S3 events", detail type `Object Created`). The key is not escaped here. */
const eventBridgeSchema = z.object({
  source: z.literal('aws.s3'),
  'detail-type': z.string().min(1).max(128),
  detail: z.object({ bucket: bucketSchema, object: z.object({ key: keySchema }) }),
});

/** What Amazon S3 and versitygw send when a notification is set up. */
const testSchema = z.object({ Event: z.literal('s3:TestEvent') });

/** What Amazon SNS puts around a message, over HTTP and into queues, unless delivery is raw. */
const snsSchema = z.discriminatedUnion('Type', [
  z.object({ Type: z.literal('Notification'), Message: z.string() }),
  z.object({
    Type: z.literal('SubscriptionConfirmation'),
    TopicArn: z.string().regex(/^arn:[\w-]+:sns:[\w-]+:\d+:[\w-]+(\.fifo)?$/),
    Token: z.string().regex(/^[\w-]{1,512}$/),
  }),
  z.object({ Type: z.literal('UnsubscribeConfirmation') }),
]);

/** EventBridge can send to SNS, and SNS to a queue: no known way wraps more often. */
const MOST_WRAPPINGS = 2;

/**
 * Reads the body of a request or of a queued message: S3 records, an EventBridge event, either of them as the message
 * of an SNS notification, or a test event.
 *
 * @returns undefined for anything else, JSON or not. Single records that cannot be read are counted, not fatal.
 */
export function readNotification(text: string, wrappings = 0): Notification | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const sns = snsSchema.safeParse(value);
  if (sns.success) {
    const message = sns.data;
    if (message.Type === 'SubscriptionConfirmation') {
      return { kind: 'subscription', topic: message.TopicArn, token: message.Token };
    }
    if (message.Type === 'UnsubscribeConfirmation') return { kind: 'other' };
    return wrappings < MOST_WRAPPINGS ? readNotification(message.Message, wrappings + 1) : undefined;
  }
  if (testSchema.safeParse(value).success) return { kind: 'test' };
  const bridged = eventBridgeSchema.safeParse(value);
  if (bridged.success) {
    const { 'detail-type': what, detail } = bridged.data;
    const event = { created: what === 'Object Created', bucket: detail.bucket.name, key: detail.object.key };
    return { kind: 'events', events: [event], unreadable: 0 };
  }
  return readRecords(value);
}

function readRecords(value: unknown): Notification | undefined {
  const records = recordsSchema.safeParse(value);
  if (!records.success) return undefined;
  const events = records.data.Records.flatMap((candidate): ObjectEvent[] => {
    const record = recordSchema.safeParse(candidate);
    if (!record.success) return [];
    const { eventName, s3 } = record.data;
    return [
      { created: /^(s3:)?ObjectCreated:/.test(eventName), bucket: s3.bucket.name, key: decodedKey(s3.object.key) },
    ];
  });
  const unreadable = records.data.Records.length - events.length;
  return events.length === 0 ? undefined : { kind: 'events', events, unreadable };
}

/** Form encoding: a space is a plus. Decoded once: what is escaped twice is somebody's trick, not a key of the inbox. */
function decodedKey(key: string): string | undefined {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
