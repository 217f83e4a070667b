import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Services, startServices } from '../../infra/dev/services.js';
import type { Commit } from '../../pipeline/commit.js';
import { inboxSettingsSchema } from '../../pipeline/inbox-settings.js';
import { takeInWorkflowId } from '../../pipeline/take-in.js';
import { rootOf } from '../../repos/repository.js';
import { openInbox, type TestInbox } from '../support/inbox.js';
import { s3Record } from '../support/notifications.js';
import { type ReceiverProcess, startReceiverProcess, TOKEN } from '../support/receivers.js';
import { type SeverableAddress, severable } from '../support/severable.js';
import { openSmallSystem, type SmallSystem } from '../support/small-system.js';
import { until } from '../support/until.js';

/*
 * The whole way, with nothing between the parts but what a deployment has there: any S3 client uploads to the S3 server,
 * which posts to `mammoflow receive`, which tells Temporal, whose workers take in and process. What came of it is counted
 * in the bucket.
 */
describe('uploads to the inbox', () => {
  let folder: string;
  let services: Services;
  let temporal: SeverableAddress;
  let receiver: ReceiverProcess;
  let system: SmallSystem;
  let inbox: TestInbox;

  const startReceiver = (port: string, ...args: readonly string[]) =>
    startReceiverProcess(['--webhook', `127.0.0.1:${port}`, ...args], {
      TEMPORAL_ADDRESS: temporal.address,
      MAMMOFLOW_BUCKET: 'mammoflow',
    });
  const port = () => new URL(receiver.started.webhook as string).port;
  /** Exams with a result in the bucket. A stage that is run again on a busy machine may leave a version that nothing names. */
  const results = async () => [...new Set((await inbox.keys('report/')).map((key) => key.split('/')[1]))].sort();
  const resultOf = (exam: string) => until(`the result of ${exam}`, async () => (await results()).includes(exam));
  /** How often each exam was committed, by the trees of the commits. */
  async function timesCommitted(): Promise<Record<string, number>> {
    const { repository } = system.session;
    const times: Record<string, number> = {};
    for await (const commit of repository.log((await repository.head('main')) as Commit)) {
      if (commit.by.kind !== 'take-in') continue;
      const before = rootOf(await repository.parent(commit), 'exams');
      for await (const { name } of repository.inputs.diff(before, rootOf(commit, 'exams'))) {
        times[name] = (times[name] ?? 0) + 1;
      }
    }
    return times;
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mammoflow-uploads-'));
    services = await startServices({
      dataFolder: folder,
      ephemeral: true,
      log: () => undefined,
      async eventWebhook({ address }) {
        temporal = await severable(address);
        receiver = await startReceiver('0', '--look-every', '3600');
        return `${receiver.started.webhook}?token=${TOKEN}`;
      },
    });
    system = await openSmallSystem(services);
    inbox = openInbox(system.s3);
    await system.useModel('red', 'all');
    await system.startSmallWorkers({ inbox: inboxSettingsSchema.parse({ quietSeconds: 1 }) });
  });
  after(async () => {
    inbox?.close();
    await system?.close();
    await receiver?.kill();
    await services?.stop();
    await temporal?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('become results by themselves, each once, whatever else is sent to the receiver', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `exam-${String(index).padStart(2, '0')}`);
    const uploading = (async () => {
      for (const name of names) await inbox.uploadViews(name);
    })();
    const forged = { Records: [s3Record('mammoflow', 'inbox/exams/never-uploaded/L_CC.png')] };
    for (let event = 0; event < 50; event += 1) {
      for (const authorization of ['Bearer wrong', `Bearer ${TOKEN}`]) {
        const body = JSON.stringify(forged);
        await fetch(receiver.started.webhook as string, { method: 'POST', body, headers: { authorization } });
      }
    }
    await uploading;
    await until('every result', async () => (await results()).length >= names.length);
    assert.deepEqual(await inbox.keys(), []);
    assert.deepEqual(await results(), names);
    assert.deepEqual(await timesCommitted(), Object.fromEntries(names.map((name) => [name, 1])));
    assert.equal(new Set(await inbox.keys('exams/')).size, 4 * names.length);
    const { historyLength } = await (await system.session.client()).workflow
      .getHandle(takeInWorkflowId('main'))
      .describe();
    assert.ok(historyLength < 2000, `${historyLength} events`);
  });

  it('are found after the receiver was killed, cut off from Temporal, and started again', async () => {
    await temporal.cut();
    await inbox.uploadViews('exam-cut-off');
    await receiver.kill();
    await inbox.uploadViews('exam-unheard');
    await temporal.mend();
    receiver = await startReceiver(port(), '--look-every', '3600');
    await resultOf('exam-cut-off');
    await resultOf('exam-unheard');
    assert.deepEqual(await inbox.keys(), []);
    const { 'exam-cut-off': cutOff, 'exam-unheard': unheard } = await timesCommitted();
    assert.deepEqual([cutOff, unheard], [1, 1]);
  });

  it('are found without any event, by the schedule that the receiver set up', async () => {
    await receiver.end();
    receiver = await startReceiver(port(), '--look-every', '1');
    const client = await system.session.client();
    await until('the schedule', async () => {
      for await (const { spec } of client.schedule.list()) if (spec?.intervals?.[0]?.every === 1000) return true;
      return false;
    });
    await receiver.kill();
    await inbox.uploadViews('exam-without-event');
    await resultOf('exam-without-event');
    assert.deepEqual(await inbox.keys(), []);
  });
});
