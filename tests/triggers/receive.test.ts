import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { type Services, startServices } from '../../infra/dev/services.js';
import {
  freshBranch,
  type HintsAtTemporal,
  hintsAtTemporal,
  metric,
  type ReceiverProcess,
  startReceiverProcess,
  TOKEN,
} from '../support/receivers.js';
import { s3ClientOf, testServices } from '../support/services.js';
import { type SeverableAddress, severable } from '../support/severable.js';
import { repositoryRoot } from '../support/shared.js';
import { until } from '../support/until.js';

/** A real S3 server of its own, whose uploads a receiver in a process of its own hears of. */
describe('mammoflow receive, with the embedded S3 server', () => {
  const branch = freshBranch();
  let folder: string;
  let hints: HintsAtTemporal;
  let temporal: SeverableAddress;
  let namespace: string;
  let receiver: ReceiverProcess;
  let services: Services;
  let s3: S3Client;

  const start = (port: string) =>
    startReceiverProcess(['--webhook', `127.0.0.1:${port}`, '--branch', branch, '--metrics', '127.0.0.1:0'], {
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: namespace,
      MAMMOFLOW_BUCKET: 'mammoflow',
    });
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mammoflow-receive-'));
    hints = await hintsAtTemporal(branch);
    const shared = (await testServices()).temporal;
    namespace = shared.namespace;
    temporal = await severable(shared.address);
    receiver = await start('0');
    const eventWebhook = `${receiver.started.webhook}?token=${TOKEN}`;
    services = await startServices({ dataFolder: folder, ephemeral: true, log: () => undefined, eventWebhook });
    s3 = s3ClientOf(services.s3);
  });
  after(async () => {
    s3?.destroy();
    await receiver?.kill();
    await services?.stop();
    await temporal?.close();
    await hints?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const upload = (Key: string, Body = 'a scan') =>
    s3.send(new PutObjectCommand({ Bucket: services.s3.bucket, Key, Body }));
  const events = (outcome: string): Promise<number> =>
    metric(
      receiver.started.metrics as string,
      `mammoflow_receiver_events_total{source="webhook",outcome="${outcome}"}`,
    );
  const oneMoreThan = (before: number) => until('another hint', async () => (await hints.count()) > before);
  const waiting = () => metric(receiver.started.metrics as string, 'mammoflow_receiver_hint_waiting');

  it('tells Temporal of every way to upload', async () => {
    const Bucket = services.s3.bucket;
    await until('the first hint', async () => (await hints.count()) === 1);
    assert.equal(await events('test'), 1, 'versitygw tries the way when it starts');
    await upload('inbox/exams/exam-1/L_CC.png');
    await oneMoreThan(1);
    let before = await hints.count();
    const Key = 'inbox/exams/exam-1/R_CC.png';
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'a scan' }));
    const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
    await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
    await oneMoreThan(before);
    before = await hints.count();
    await upload('inbox/exams/Müller + Sohn/ä b.png');
    await oneMoreThan(before);
    await upload('exams/exam-1/L_CC.png');
    await until('the event of another key', async () => (await events('other_key')) === 1);
  });

  it('makes few hints of many uploads, and hears nothing of removals', async () => {
    const before = await hints.count();
    const heard = await events('inbox');
    const start = performance.now();
    for (let exam = 0; exam < 200; exam += 1) await upload(`inbox/exams/exam-${exam}/L_CC.png`);
    await until('every event', async () => (await events('inbox')) === heard + 200);
    await until('the last hint', async () => (await waiting()) === 0);
    const seconds = (performance.now() - start) / 1000;
    const made = (await hints.count()) - before;
    assert.ok(made >= 1 && made <= seconds + 2, `${made} hints in ${seconds} s`);
    await s3.send(new DeleteObjectCommand({ Bucket: services.s3.bucket, Key: 'inbox/exams/exam-0/L_CC.png' }));
    await upload('inbox/exams/exam-0/L_CC.png');
    await until('the event of the new upload', async () => (await events('inbox')) === heard + 201);
    assert.equal(await events('not_created'), 0, 'removals are not sent at all');
  });

  it('keeps a hint while Temporal is away, and gives it when Temporal is back', async () => {
    await temporal.cut();
    const heard = await events('inbox');
    await upload('inbox/exams/exam-2/L_CC.png');
    await until('the event', async () => (await events('inbox')) === heard + 1);
    const before = await hints.count();
    await until('the health to say so', async () => {
      const response = await fetch(`${new URL(receiver.started.webhook as string).origin}/health`);
      return ((await response.json()) as { status: string }).status === 'waiting for Temporal';
    });
    assert.equal(await waiting(), 1);
    await temporal.mend();
    await oneMoreThan(before);
    await until('nothing to wait', async () => (await waiting()) === 0);
  });

  it('looks into the inbox when it is back after it was killed, and uploads go on without it', async () => {
    const { port } = new URL(receiver.started.webhook as string);
    await receiver.kill();
    const before = await hints.count();
    await upload('inbox/exams/exam-3/L_CC.png');
    assert.equal(await hints.count(), before);
    receiver = await start(port);
    await oneMoreThan(before);
    await until('nothing to wait', async () => (await waiting()) === 0);
    const again = await hints.count();
    await upload('inbox/exams/exam-4/L_CC.png');
    await oneMoreThan(again);
  });

  it('gives the last hint before it ends on SIGTERM, with exit code 0', async () => {
    await until('nothing to wait', async () => (await waiting()) === 0);
    const before = await hints.count();
    const heard = await events('inbox');
    await upload('inbox/exams/exam-5/L_CC.png');
    await upload('inbox/exams/exam-5/R_CC.png');
    await until('both events', async () => (await events('inbox')) === heard + 2);
    assert.equal(await receiver.end(), 0, receiver.log());
    assert.ok((await hints.count()) > before);
    assert.match(receiver.log(), /"msg":"receiver stopped"/);
  });
});

describe('mammoflow receive', () => {
  const run = (args: readonly string[], environment: Record<string, string> = {}) =>
    new Promise<{ code: number; stderr: string }>((resolve) => {
      const env = {
        PATH: process.env.PATH,
        TEMPORAL_ADDRESS: '127.0.0.1:9',
        MAMMOFLOW_BUCKET: 'scans',
        ...environment,
      };
      const program = join(repositoryRoot, 'bin', 'mammoflow.mjs');
      execFile(process.execPath, [program, 'receive', ...args], { env }, (error, _, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stderr });
      });
    });

  it('says what is missing, in one line with what to do', async () => {
    const wrong: readonly (readonly [readonly string[], RegExp, Record<string, string>?])[] = [
      [[], /^error: There is nothing to receive from\. Give --webhook, --sqs/],
      [['--webhook'], /^error: The webhook takes events only from senders .* Set MAMMOFLOW_WEBHOOK_TOKEN/],
      [['--webhook', 'everywhere'], /Give host:port/],
      [['--sqs', 'inbox'], /^error: inbox is not the URL of a queue/],
      [['--webhook'], /^error: MAMMOFLOW_WEBHOOK_TOKEN has fewer than 16/, { MAMMOFLOW_WEBHOOK_TOKEN: 'secret' }],
    ];
    const check = async ([args, message, environment]: (typeof wrong)[number]): Promise<void> => {
      const { code, stderr } = await run(args, environment);
      assert.equal(code, 1, stderr);
      assert.match(stderr, message);
    };
    await Promise.all(wrong.map(check));
  });
});
