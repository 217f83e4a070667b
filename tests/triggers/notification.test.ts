import assert from 'node:assert/strict';
import { type ObjectEvent, readNotification } from '../../triggers/notification.js';
import { eventBridgeEvent, s3Record, snsEnvelope } from '../support/notifications.js';

const KEY = 'inbox/exams/exam-1/L_CC.png';
const created = (key: string | undefined = KEY): ObjectEvent => ({ created: true, bucket: 'scans', key });

/** Bodies as the services' manuals print them, with what is to be read out of them. */
const BODIES: readonly { readonly what: string; readonly body: unknown; readonly events: readonly ObjectEvent[] }[] = [
  { what: 'a record of Amazon S3', body: { Records: [s3Record('scans', KEY)] }, events: [created()] },
  {
    what: 'a record of versitygw, without a version',
    body: {
      Records: [
        {
          eventVersion: '2.2',
          eventSource: 'aws:s3',
          eventName: 's3:ObjectCreated:CompleteMultipartUpload',
          s3: {
            s3SchemaVersion: '1.0',
            configurationId: 'webhook-global',
            bucket: { name: 'scans', arn: `arn:aws:s3:::/scans/${KEY}` },
            object: { key: KEY, size: 17, eTag: null, versionId: null, sequencer: '18' },
          },
          glacierEventData: { restoreEventData: { lifecycleRestorationExpiryTime: '' } },
        },
      ],
    },
    events: [created()],
  },
  {
    what: 'a record of MinIO, which escapes slashes too',
    body: {
      EventName: 's3:ObjectCreated:Put',
      Key: `scans/${KEY}`,
      Records: [
        {
          eventVersion: '2.0',
          eventSource: 'minio:s3',
          eventName: 's3:ObjectCreated:Put',
          s3: { bucket: { name: 'scans' }, object: { key: encodeURIComponent(KEY), versionId: 'b1' } },
        },
      ],
    },
    events: [created()],
  },
  {
    what: 'an event of EventBridge, whose key is not escaped',
    body: eventBridgeEvent('scans', 'inbox/exams/100%/a+b.png'),
    events: [created('inbox/exams/100%/a+b.png')],
  },
  {
    what: 'records in an SNS notification',
    body: snsEnvelope({ Records: [s3Record('scans', KEY)] }),
    events: [created()],
  },
  {
    what: 'records in a notification in a notification',
    body: snsEnvelope(snsEnvelope({ Records: [s3Record('scans', KEY)] })),
    events: [created()],
  },
  {
    what: 'escaped spaces and letters',
    body: { Records: [s3Record('scans', 'inbox/exams/Exam+1/%C3%A4+%2B.png')] },
    events: [created('inbox/exams/Exam 1/ä +.png')],
  },
  {
    what: 'a key that cannot be decoded',
    body: { Records: [s3Record('scans', 'inbox/exams/%E0%A4%A/x')] },
    events: [{ created: true, bucket: 'scans', key: undefined }],
  },
  {
    what: 'a removal',
    body: { Records: [{ ...s3Record('scans', KEY), eventName: 'ObjectRemoved:Delete' }] },
    events: [{ ...created(), created: false }],
  },
];

describe('notifications of storage services', () => {
  for (const { what, body, events } of BODIES) {
    it(`are read from ${what}`, () => {
      assert.deepEqual(readNotification(JSON.stringify(body)), { kind: 'events', events, unreadable: 0 });
    });
  }

  it('lose only the records that cannot be read', () => {
    const body = { Records: [null, { eventName: 7 }, s3Record('scans', KEY), { s3: {} }] };
    assert.deepEqual(readNotification(JSON.stringify(body)), { kind: 'events', events: [created()], unreadable: 3 });
  });

  it('are told from tests, requests to subscribe and their end', () => {
    const topic = 'arn:aws:sns:eu-central-1:123456789012:uploads';
    for (const [body, expected] of [
      [{ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'scans' }, { kind: 'test' }],
      [snsEnvelope({ Service: 'Amazon S3', Event: 's3:TestEvent' }), { kind: 'test' }],
      [
        { Type: 'SubscriptionConfirmation', TopicArn: topic, Token: '2336412f37', SubscribeURL: 'http://10.0.0.1/' },
        { kind: 'subscription', topic, token: '2336412f37' },
      ],
      [{ Type: 'UnsubscribeConfirmation', TopicArn: topic, Token: '2336412f37' }, { kind: 'other' }],
    ] as const) {
      assert.deepEqual(readNotification(JSON.stringify(body)), expected);
    }
  });

  it('are nothing else, however it is made', () => {
    const nested = snsEnvelope(snsEnvelope(snsEnvelope({ Records: [s3Record('scans', KEY)] })));
    for (const text of [
      '',
      'null',
      '[]',
      '"Records"',
      '{"Records":[]}',
      '{"Records":{"0":{}}}',
      '{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"scans"},"object":{}}}]}',
      `{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"scans"},"object":{"key":"${'x'.repeat(4000)}"}}}]}`,
      '{"Type":"Notification","Message":"not JSON"}',
      '{"Type":"SubscriptionConfirmation","TopicArn":"$(reboot)","Token":"x; reboot"}',
      '{"source":"aws.ec2","detail-type":"Object Created","detail":{}}',
      '{"__proto__":{"Records":[]},"constructor":1}',
      '['.repeat(100_000),
      JSON.stringify(nested),
    ]) {
      assert.equal(readNotification(text), undefined, text.slice(0, 80));
    }
  });
});
