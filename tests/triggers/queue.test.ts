import assert from 'node:assert/strict';
import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { type MotoServer, startMoto } from '../support/moto.js';
import { eventBridgeEvent, s3Record, snsEnvelope } from '../support/notifications.js';
import {
  freshBranch,
  type HintsAtTemporal,
  hintsAtTemporal,
  metric,
  openReceiver,
  startReceiverProcess,
} from '../support/receivers.js';
import { testServices } from '../support/services.js';
import { type SeverableAddress, severable } from '../support/severable.js';
import { until } from '../support/until.js';

const KEY = 'inbox/exams/exam-1/L_CC.png';
const uploaded = { Records: [s3Record('scans', KEY)] };
const METRICS = { host: '127.0.0.1', port: 0 } as const;

describe('the receiver of a queue', () => {
  let moto: MotoServer;
  let sqs: SQSClient;
  let branch: string;
  let hints: HintsAtTemporal;
  let temporal: SeverableAddress;
  let namespace: string;
  before(async () => {
    moto = await startMoto();
    sqs = moto.sqs();
    const shared = (await testServices()).temporal;
    namespace = shared.namespace;
    temporal = await severable(shared.address);
  });
  after(async () => {
    sqs?.destroy();
    await temporal?.close();
    await moto?.stop();
  });
  beforeEach(async () => {
    branch = freshBranch();
    hints = await hintsAtTemporal(branch);
  });
  afterEach(() => hints.close());

  /** A queue with a dead-letter queue, as docs/triggers.md sets them up, only with shorter times. */
  async function openQueue(attributes: { visibility?: number; maxReceiveCount?: number } = {}) {
    const { visibility = 30, maxReceiveCount = 5 } = attributes;
    const dead = (await sqs.send(new CreateQueueCommand({ QueueName: `${branch}-dead` }))).QueueUrl as string;
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: dead, AttributeNames: ['QueueArn'] }),
    );
    const redrive = { deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount };
    const queue = await sqs.send(
      new CreateQueueCommand({
        QueueName: branch,
        Attributes: { VisibilityTimeout: String(visibility), RedrivePolicy: JSON.stringify(redrive) },
      }),
    );
    return { url: queue.QueueUrl as string, dead };
  }
  const send = (url: string, body: unknown): Promise<unknown> =>
    sqs.send(
      new SendMessageCommand({ QueueUrl: url, MessageBody: typeof body === 'string' ? body : JSON.stringify(body) }),
    );
  /** Messages that the queue still has, handed out or not. */
  async function left(url: string): Promise<number> {
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...names] }),
    );
    return names.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
  }
  const isEmpty = (url: string) => until(`${url} to be empty`, async () => (await left(url)) === 0);
  const listen = (url: string) => openReceiver({ branch, queue: { url, config: moto.config }, metrics: METRICS });

  it('deletes every kind of message when Temporal has a hint', async () => {
    const { url, dead } = await openQueue();
    const receiver = await listen(url);
    try {
      await until('the first hint', async () => (await hints.count()) === 1);
      let expected = 1;
      for (const body of [
        uploaded,
        snsEnvelope(uploaded),
        eventBridgeEvent('scans', KEY),
        snsEnvelope(eventBridgeEvent('scans', KEY)),
      ]) {
        await send(url, body);
        expected += 1;
        await until(`hint ${expected}`, async () => (await hints.count()) === expected);
        await isEmpty(url);
      }
      for (const body of [
        { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'scans' },
        { Records: [s3Record('others', KEY)] },
        { Records: [s3Record('scans', 'inbox/exams/../x')] },
      ]) {
        await send(url, body);
      }
      await isEmpty(url);
      assert.equal(await hints.count(), expected, 'what does not concern the inbox is deleted without a hint');
      assert.equal(await left(dead), 0);
    } finally {
      await receiver.close();
    }
  });

  it('takes what a real S3 and a real SNS put into the queue', async () => {
    const { url } = await openQueue();
    const arn = `arn:aws:sqs:us-east-1:123456789012:${branch}`;
    const s3 = new S3Client({ ...moto.config, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: 'scans' }));
    const topic = await subscribedTopic(moto, branch, arn);
    await s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: 'scans',
        NotificationConfiguration: {
          QueueConfigurations: [{ QueueArn: arn, Events: ['s3:ObjectCreated:*'] }],
          TopicConfigurations: [{ TopicArn: topic, Events: ['s3:ObjectCreated:*'] }],
        },
      }),
    );
    await s3.send(new PutObjectCommand({ Bucket: 'scans', Key: KEY, Body: 'a scan' }));
    s3.destroy();
    const bodies = await until('both messages', async () => ((await left(url)) >= 2 ? left(url) : undefined));
    const receiver = await listen(url);
    try {
      await isEmpty(url);
      const events = (outcome: string) =>
        metric(`${receiver.metrics}/metrics`, `mammoflow_receiver_events_total{source="sqs",outcome="${outcome}"}`);
      assert.equal(await events('inbox'), 2, 'one from S3, one by way of SNS');
      assert.equal(await events('unreadable'), 0);
      assert.equal((await events('test')) + 2, bodies);
    } finally {
      await receiver.close();
    }
  });

  it('leaves what it cannot read to the dead-letter queue, and goes on with the rest', async () => {
    const { url, dead } = await openQueue({ visibility: 1, maxReceiveCount: 2 });
    await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: url,
        Entries: ['not JSON', '{"Records":[]}', JSON.stringify(uploaded), JSON.stringify(uploaded)].map(
          (MessageBody, index) => ({ Id: String(index), MessageBody }),
        ),
      }),
    );
    const receiver = await listen(url);
    try {
      await until('both to be in the dead-letter queue', async () => (await left(dead)) === 2);
      await isEmpty(url);
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: dead, MaxNumberOfMessages: 10 }));
      assert.deepEqual(Messages.map(({ Body }) => Body).sort(), ['not JSON', '{"Records":[]}']);
      await until('a hint of the others', async () => (await hints.count()) >= 2);
    } finally {
      await receiver.close();
    }
  });

  it('keeps messages while Temporal is away, without using up their deliveries', async () => {
    const { url, dead } = await openQueue({ visibility: 1, maxReceiveCount: 2 });
    const connection = { address: temporal.address };
    const receiver = await openReceiver({
      branch,
      queue: { url, config: moto.config },
      metrics: METRICS,
      temporal: { connection, namespace },
    });
    const count = (name: string) => metric(`${receiver.metrics}/metrics`, `mammoflow_receiver_${name}`);
    try {
      await until('the first hint', async () => (await hints.count()) === 1);
      await temporal.cut();
      for (let message = 0; message < 25; message += 1) await send(url, uploaded);
      const failures = () => count('hints_total{outcome="failed"}');
      await until('two failed tries', async () => (await failures()) >= 2);
      // Longer than the visibility timeout: what it did not hold back would be received again, and again.
      await until('two more', async () => (await failures()) >= 4);
      assert.equal(await left(url), 25);
      assert.equal(await left(dead), 0);
      assert.equal(await count('messages_total{outcome="deleted"}'), 0);
      assert.ok((await count('messages_total{outcome="received"}')) <= 25);
      const health = (await (await fetch(`${receiver.metrics}/health`)).json()) as { status: string };
      assert.equal(health.status, 'waiting for Temporal');
      await temporal.mend();
      await isEmpty(url);
      assert.equal(await left(dead), 0);
      assert.ok((await hints.count()) >= 2);
    } finally {
      await receiver.close();
      await temporal.cut();
      await temporal.mend();
    }
  });

  it('loses no message when it is killed with messages in its hands', async () => {
    const { url, dead } = await openQueue({ visibility: 2 });
    const environment = {
      AWS_ENDPOINT_URL_SQS: moto.endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'tester',
      AWS_SECRET_ACCESS_KEY: 'tester-secret',
      MAMMOFLOW_BUCKET: 'scans',
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: namespace,
    };
    const args = ['--sqs', url, '--branch', branch, '--metrics', '127.0.0.1:0'];
    const first = await startReceiverProcess(args, environment);
    await until('the first hint', async () => (await hints.count()) === 1);
    await temporal.cut();
    for (let message = 0; message < 5; message += 1) await send(url, uploaded);
    const metrics = first.started.metrics as string;
    await until(
      'messages in its hands',
      async () => (await metric(metrics, 'mammoflow_receiver_messages_total{outcome="received"}')) > 0,
    );
    await first.kill();
    assert.equal(await left(url), 5);
    await temporal.mend();
    const second = await startReceiverProcess(args, environment);
    await isEmpty(url);
    assert.equal(await left(dead), 0);
    assert.ok((await hints.count()) >= 2);
    assert.equal(await second.end(), 0, second.log());
  });

  it('says what is wrong with a queue that does not exist, or has no dead-letter queue', async () => {
    const missing = `${moto.endpoint}/123456789012/no-such-queue`;
    await assert.rejects(listen(missing), { code: 'invalid-configuration', message: /There is no queue/ });
    await assert.rejects(listen('inbox'), { code: 'invalid-argument', message: /not the URL of a queue/ });
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `${branch}-alone` }));
    const receiver = await listen(QueueUrl as string);
    assert.ok(receiver.logged.some(({ msg }) => msg.includes('no dead-letter queue')));
    await receiver.close();
  });
});

/** A topic that sends to the queue. SNS has no client among our dependencies: its two calls are plain requests. */
async function subscribedTopic({ endpoint }: MotoServer, name: string, queueArn: string): Promise<string> {
  const call = async (parameters: Record<string, string>): Promise<string> => {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { authorization: 'AWS4-HMAC-SHA256 Credential=tester/20260101/us-east-1/sns/aws4_request' },
      body: new URLSearchParams({ Version: '2010-03-31', ...parameters }),
    });
    assert.equal(response.status, 200);
    return response.text();
  };
  const created = await call({ Action: 'CreateTopic', Name: name });
  const topic = /<TopicArn>([^<]+)</.exec(created)?.[1] as string;
  await call({ Action: 'Subscribe', TopicArn: topic, Protocol: 'sqs', Endpoint: queueArn });
  return topic;
}
