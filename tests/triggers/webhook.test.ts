import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Receiver } from '../../triggers/receiver.js';
import { s3Record, snsEnvelope } from '../support/notifications.js';
import {
  freshBranch,
  type HintsAtTemporal,
  hintsAtTemporal,
  metric,
  openReceiver,
  TOKEN,
} from '../support/receivers.js';
import { until } from '../support/until.js';

const SECRET = 'a-secret-for-tests-0123456789';
const ANY_PORT = { host: '127.0.0.1', port: 0 } as const;
const KEY = 'inbox/exams/exam-1/L_CC.png';
const uploaded = (key = KEY, bucket = 'scans'): string => JSON.stringify({ Records: [s3Record(bucket, key)] });
const bearer = { authorization: `Bearer ${TOKEN}` };
const signatureOf = (body: string, secret = SECRET): Record<string, string> => ({
  'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
});

describe('the webhook', () => {
  const branch = freshBranch();
  let receiver: Awaited<ReturnType<typeof openReceiver>>;
  let hints: HintsAtTemporal;
  before(async () => {
    hints = await hintsAtTemporal(branch);
    receiver = await openReceiver({
      branch,
      webhook: { ...ANY_PORT, secrets: { token: TOKEN, secret: SECRET }, requestTimeoutMs: 1000 },
      metrics: ANY_PORT,
    });
  });
  after(async () => {
    await receiver?.close();
    await hints.close();
  });

  const post = (body: string, headers: Record<string, string> = bearer, path = '/events'): Promise<Response> =>
    fetch(`${receiver.webhook}${path}`, { method: 'POST', body, headers });
  const counted = (name: string): Promise<number> =>
    metric(`${receiver.metrics}/metrics`, `mammoflow_receiver_${name}`);
  const requests = (outcome: string): Promise<number> => counted(`requests_total{outcome="${outcome}"}`);
  const events = (outcome: string): Promise<number> => counted(`events_total{source="webhook",outcome="${outcome}"}`);

  /** What was requested before has arrived by then: hints are sent in order, and one that is noted is sent. */
  async function settledHints(): Promise<number> {
    await until('all hints to be with Temporal', async () => (await counted('hint_waiting')) === 0);
    return hints.count();
  }

  it('begins with a hint, since nobody heard of uploads before', async () => {
    await until('a hint', async () => (await hints.count()) === 1);
  });

  it('makes a hint of an upload to the inbox, wherever the sender can put the token', async () => {
    const body = uploaded();
    const basic = Buffer.from(`sns:${TOKEN}`).toString('base64');
    for (const [headers, path] of [
      [bearer, '/events'],
      [{ authorization: `Basic ${basic}` }, '/events'],
      [{}, `/events?token=${TOKEN}`],
      [{}, `/events/${TOKEN}`],
      [signatureOf(body), '/events'],
    ] as const) {
      const before = await settledHints();
      const response = await post(body, { ...headers }, path);
      assert.equal(response.status, 204, path);
      assert.equal(await response.text(), '', 'senders that leave answers unread must not find one');
      await until('one more hint', async () => (await hints.count()) === before + 1);
    }
  });

  it('refuses whoever has neither token nor signature, and tells Temporal nothing', async () => {
    const before = await settledHints();
    const refused = await requests('unauthorised');
    const body = uploaded();
    const forged: [Record<string, string>, string?][] = [
      [{}],
      [{ authorization: 'Bearer ' }],
      [{ authorization: `Bearer ${TOKEN}x` }],
      [{ authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
      [{ authorization: TOKEN }],
      [{}, '/events?token='],
      [{}, '/events/guess'],
      [signatureOf(body, 'another-secret-0123456789')],
      [signatureOf(`${body} `)],
      [{ 'x-hub-signature-256': 'sha256=' }],
      [{ 'x-hub-signature-256': signatureOf(body)['x-hub-signature-256']!.slice(7) }],
    ];
    for (const [headers, path] of forged) {
      const response = await post(body, headers, path);
      assert.equal(response.status, 401, JSON.stringify(headers));
      assert.match(((await response.json()) as { error: string }).error, /Send the token/);
    }
    assert.equal(await requests('unauthorised'), refused + forged.length);
    assert.equal(await settledHints(), before);
  });

  it('refuses what is no notification, and says what one looks like', async () => {
    const before = await settledHints();
    for (const body of ['', 'hello', '{}', '{"Records":[]}', '{"Records":[{"eventName":1}]}', '[[[[']) {
      const response = await post(body);
      assert.equal(response.status, 400, body);
      assert.match(((await response.json()) as { error: string }).error, /ObjectCreated:Put/);
    }
    assert.equal(await settledHints(), before);
    assert.ok((await events('unreadable')) >= 6);
  });

  it('ignores other buckets, other keys and keys that are tricks, with a counter and one log line', async () => {
    const before = await settledHints();
    const ignored: Record<string, readonly string[]> = {
      other_bucket: [uploaded(KEY, 'others')],
      other_key: [uploaded('exams/exam-1/L_CC.png'), uploaded('.mammoflow/branches/main.json')],
      bad_key: [
        uploaded('inbox/exams/../../.mammoflow/branches/main.json'),
        uploaded('inbox%2Fexams%2F..%2F..%2Fx'),
        uploaded('inbox/exams/a%252F..%252Fb'),
        uploaded('inbox/exams/%zz'),
      ],
      not_created: [uploaded().replace('ObjectCreated:Put', 'ObjectRemoved:Delete')],
      test: ['{"Service":"S3","Event":"s3:TestEvent","Bucket":"Test-Bucket"}'],
    };
    for (const [outcome, bodies] of Object.entries(ignored)) {
      const count = await events(outcome);
      for (const body of bodies) assert.equal((await post(body)).status, 204, body);
      assert.equal(await events(outcome), count + bodies.length, outcome);
    }
    assert.equal(await settledHints(), before);
    const lines = receiver.logged.filter(({ msg }) => msg.includes('cannot be one of the inbox'));
    assert.equal(lines.length, 1, 'four bad keys within ten seconds are one line');
  });

  it('looks into the inbox for one good record among bad ones', async () => {
    const before = await settledHints();
    const records = [null, s3Record('others', KEY), s3Record('scans', 'inbox/exams/../x'), s3Record('scans', KEY)];
    assert.equal((await post(JSON.stringify({ Records: records }))).status, 204);
    await until('a hint', async () => (await hints.count()) === before + 1);
  });

  it('does not let itself be subscribed to a topic, and logs how to do it', async () => {
    const topic = 'arn:aws:sns:eu-central-1:123456789012:uploads';
    let asked = false;
    const server = createServer(() => {
      asked = true;
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const confirmation = { Type: 'SubscriptionConfirmation', TopicArn: topic, Token: 'abc123' };
    const body = JSON.stringify({ ...confirmation, SubscribeURL: `http://127.0.0.1:${port}/` });
    assert.equal((await post(body)).status, 204);
    server.close();
    assert.equal(asked, false);
    const line = receiver.logged.find(({ msg }) => msg.includes('SNS topic')) as { confirm?: string } | undefined;
    assert.equal(line?.confirm, `aws sns confirm-subscription --topic-arn ${topic} --token abc123`);
    const before = await settledHints();
    assert.equal((await post(JSON.stringify(snsEnvelope({ Records: [s3Record('scans', KEY)] })))).status, 204);
    await until('a hint of what the topic sends', async () => (await hints.count()) === before + 1);
  });

  it('refuses a body of a million records early', async () => {
    const before = await settledHints();
    const outcome = await endlessPost(`${receiver.webhook}/events`, `${uploaded().slice(12, -2)},`);
    assert.ok(outcome.records < 100_000, `refused only after ${outcome.records} records`);
    assert.ok(outcome.status === undefined || outcome.status === 413, String(outcome.status));
    assert.equal(await requests('too_large'), 1);
    const announced = await announcedPost(receiver.webhook as string, 2 ** 31);
    assert.match(announced, /^HTTP\/1.1 413 /);
    assert.equal(await requests('too_large'), 2);
    assert.equal(await settledHints(), before);
  });

  it('takes no harm from senders that stop in the middle or never end', async () => {
    const { hostname, port } = new URL(receiver.webhook as string);
    const head = `POST /events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\ncontent-length: 500\r\n\r\n{"Rec`;
    const aborted = connect(Number(port), hostname);
    aborted.write(head);
    await once(aborted, 'connect');
    const slow = connect(Number(port), hostname);
    slow.on('error', () => undefined);
    slow.write(head);
    const closed = once(slow, 'close');
    const garbage = connect(Number(port), hostname);
    garbage.on('error', () => undefined);
    garbage.end('\u0016\u0003\u0001 this is TLS, or something else\r\n\r\n');
    aborted.destroy();
    assert.equal((await post(uploaded())).status, 204, 'others are answered meanwhile');
    slow.resume();
    await closed;
    await until('the aborted request to be counted', async () => (await requests('aborted')) >= 1);
  });

  it('answers nothing but events and its health', async () => {
    assert.equal((await fetch(`${receiver.webhook}/`)).status, 404);
    assert.equal((await fetch(`${receiver.webhook}/metrics`)).status, 404, 'metrics are not for senders');
    assert.equal((await post(uploaded(), bearer, '/events/a/b')).status, 404);
    assert.equal((await fetch(`${receiver.webhook}/events`, { headers: bearer })).status, 405);
    assert.deepEqual(await (await fetch(`${receiver.webhook}/health`)).json(), { status: 'ok' });
    assert.deepEqual(await (await fetch(`${receiver.metrics}/health`)).json(), { status: 'ok' });
  });
});

describe('the webhook, to a sender that sends too much', () => {
  it('answers so many requests a second, and still looks into the inbox after the last one', async () => {
    const branch = freshBranch();
    const hints = await hintsAtTemporal(branch);
    const webhook = { ...ANY_PORT, secrets: { token: TOKEN }, requestsPerSecond: 0.001 };
    const receiver = await openReceiver({ branch, webhook, metrics: ANY_PORT });
    try {
      await until('the first hint', async () => (await hints.count()) === 1);
      const post = (token: string): Promise<number> =>
        fetch(`${receiver.webhook}/events/${token}`, { method: 'POST', body: uploaded() }).then(({ status }) => status);
      const guesses: number[] = [];
      for (let guess = 0; guess < 5; guess += 1) guesses.push(await post(`guess-${guess}`));
      assert.deepEqual(guesses, [401, 429, 429, 429, 429]);
      assert.equal(await hints.count(), 1);
      assert.equal(await post(TOKEN), 429);
      await until('the hint of the request that was too much', async () => (await hints.count()) === 2);
    } finally {
      await receiver.close();
      await hints.close();
    }
  });
});

describe('the webhook, when it is set up wrongly', () => {
  const refusal = (webhook: Parameters<typeof openReceiver>[0]['webhook']): Promise<Receiver> =>
    openReceiver({ branch: freshBranch(), ...(webhook === undefined ? {} : { webhook }) });

  it('does not start without a secret, or with one that can be guessed', async () => {
    await assert.rejects(refusal({ ...ANY_PORT, secrets: {} }), {
      code: 'invalid-configuration',
      next: /MAMMOFLOW_WEBHOOK_TOKEN/,
    });
    await assert.rejects(refusal({ ...ANY_PORT, secrets: { token: 'short' } }), { code: 'invalid-configuration' });
    await assert.rejects(refusal({ ...ANY_PORT, secrets: { secret: 'short' } }), { code: 'invalid-configuration' });
  });

  it('says so where its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    try {
      await assert.rejects(refusal({ host: '127.0.0.1', port, secrets: { token: TOKEN } }), {
        code: 'service-unavailable',
        message: new RegExp(`cannot listen on 127.0.0.1:${port}`),
      });
    } finally {
      other.close();
    }
  });
});

/** Sends records without an end until the other side has had enough. */
async function endlessPost(url: string, record: string): Promise<{ records: number; status?: number }> {
  const outgoing = request(url, { method: 'POST', headers: bearer });
  let status: number | undefined;
  let records = 0;
  const over = new Promise<void>((resolve) => {
    outgoing.on('error', () => resolve());
    outgoing.on('response', (response) => {
      status = response.statusCode;
      response.resume();
      resolve();
    });
    outgoing.on('close', () => resolve());
  });
  let done = false;
  void over.then(() => {
    done = true;
  });
  outgoing.write('{"Records":[');
  while (!done && records < 1_000_000) {
    records += 100;
    if (!outgoing.write(record.repeat(100))) await Promise.race([once(outgoing, 'drain').catch(() => undefined), over]);
  }
  outgoing.destroy();
  return { records, ...(status === undefined ? {} : { status }) };
}

/** Announces a long body and sends none of it. @returns the beginning of the answer. */
async function announcedPost(address: string, bytes: number): Promise<string> {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname);
  socket.write(`POST /events?token=${TOKEN} HTTP/1.1\r\nhost: x\r\ncontent-length: ${bytes}\r\n\r\n`);
  const [chunk] = await once(socket, 'data');
  socket.destroy();
  return String(chunk);
}
