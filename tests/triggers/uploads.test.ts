import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Services, startServices } from '../../infra/dev/services.js';
import { inboxSettingsSchema, takeInWorkflowId } from '../../pipeline/take-in.js';
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
describe('uploads to the inbox', function () {
  this.timeout(120_000);
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
  /** Every version below a prefix, a key once for each: a result that was written twice shows. */
  const versions = (prefix: string) => inbox.keys(prefix);
  const results = async () => (await versions('report/')).map((key) => key.split('/')[1]);

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
    assert.deepEqual(await versions('inbox/'), []);
    assert.deepEqual(await results(), names);
    assert.equal((await versions('exams/')).length, 4 * names.length, 'no file was taken in twice');
    const { historyLength } = await (await system.session.client()).workflow
      .getHandle(takeInWorkflowId('main'))
      .describe();
    assert.ok(historyLength < 2000, `${historyLength} events`);
  });

  it('are found after the receiver was killed, cut off from Temporal, and started again', async () => {
    const earlier = (await results()).length;
    await temporal.cut();
    await inbox.uploadViews('exam-cut-off');
    await receiver.kill();
    await inbox.uploadViews('exam-unheard');
    await temporal.mend();
    receiver = await startReceiver(port(), '--look-every', '3600');
    await until('both results', async () => (await results()).length === earlier + 2);
    assert.deepEqual(await versions('inbox/'), []);
    assert.equal((await versions('exams/exam-unheard/')).length, 4);
  });

  it('are found without any event, by the schedule that the receiver set up', async () => {
    const earlier = (await results()).length;
    await receiver.end();
    receiver = await startReceiver(port(), '--look-every', '1');
    const client = await system.session.client();
    await until('the schedule', async () => {
      for await (const { spec } of client.schedule.list()) if (spec?.intervals?.[0]?.every === 1000) return true;
      return false;
    });
    await receiver.kill();
    await inbox.uploadViews('exam-without-event');
    await until('its result', async () => (await results()).length === earlier + 1);
    assert.deepEqual(await versions('inbox/'), []);
  });
});
