import { connectionSettings } from '../infra/connection.js';
import { ensureInboxSchedule } from '../infra/inbox-schedule.js';
import { awsThroughProxyTo } from '../infra/proxy.js';
import { MammoflowError } from '../pipeline/errors.js';
import { type Receiver, startReceiver } from '../triggers/receiver.js';
import { createLog } from '../workers/log.js';
import { USUAL_ADDRESS } from './addresses.js';
import { printJson, printLine } from './output.js';
import type { ReceiveOptions } from './receive.js';

/** Hears of uploads until this process is told to stop. */
export async function receiveEvents(options: ReceiveOptions): Promise<void> {
  const { webhook, sqs, branch, metrics, rate, lookEvery, data, json } = options;
  if (webhook === undefined && sqs === undefined) {
    throw new MammoflowError(
      'invalid-argument',
      'There is nothing to receive from.',
      'Give --webhook, --sqs <queue-url>, or both.',
    );
  }
  const asked = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  const settings = await connectionSettings({ dataFolder: data });
  const receiver = await startReceiver({
    branch,
    bucket: settings.bucket,
    temporal: settings.temporal,
    ...(webhook === undefined
      ? {}
      : { webhook: { ...(webhook === true ? USUAL_ADDRESS : webhook), secrets: secrets(), requestsPerSecond: rate } }),
    ...(sqs === undefined ? {} : { queue: { url: sqs, config: awsThroughProxyTo(sqs) } }),
    ...(metrics === undefined ? {} : { metrics }),
    prepare: (client) => ensureInboxSchedule(client, { branch, everySeconds: lookEvery }),
    log: createLog('receiver'),
  });
  announce(receiver, options, json);
  await asked;
  await receiver.close();
}

/** Not among the arguments, which every user of the machine can read. */
function secrets(): { token?: string; secret?: string } {
  const { MAMMOFLOW_WEBHOOK_TOKEN: token, MAMMOFLOW_WEBHOOK_SECRET: secret } = process.env;
  return { ...(token ? { token } : {}), ...(secret ? { secret } : {}) };
}

function announce({ webhook, metrics }: Receiver, { sqs, branch }: ReceiveOptions, json = false): void {
  if (json) {
    printJson({
      branch,
      ...(webhook === undefined ? {} : { webhook: `${webhook}/events` }),
      ...(sqs === undefined ? {} : { sqs }),
      ...(metrics === undefined ? {} : { metrics: `${metrics}/metrics` }),
    });
    return;
  }
  if (webhook !== undefined) printLine(`Webhook      POST ${webhook}/events`);
  if (sqs !== undefined) printLine(`Queue        ${sqs}`);
  if (metrics !== undefined) printLine(`Metrics      ${metrics}/metrics`);
  printLine(`Hints go to  the branch ${branch}`);
}
