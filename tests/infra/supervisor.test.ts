import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { Client, Connection } from '@temporalio/client';
import { processIdentity } from '../../infra/dev/process-identity.js';
import { startStack } from '../../infra/dev/stack.js';
import { readRunningState, type StackState } from '../../infra/dev/state.js';
import { takeInWorkflowId } from '../../pipeline/take-in.js';
import { s3ClientOf } from '../support/services.js';
import { repositoryRoot } from '../support/shared.js';
import { until } from '../support/until.js';

const quiet = () => undefined;

/** Variables that would lead elsewhere than to the stack of the test. */
const NOT_SET = ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL', 'MAMMOFLOW_BUCKET', 'MAMMOFLOW_DATA', 'TEMPORAL_ADDRESS'];

/** Runs the command as a user does. */
function mammoflow(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env };
  for (const name of NOT_SET) delete env[name];
  return new Promise((resolve) => {
    const program = join(repositoryRoot, 'bin', 'mammoflow.mjs');
    execFile(process.execPath, [program, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe('up, status, env, doctor and down', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mammoflow-test-'));
  });
  after(async () => {
    await mammoflow('down', '--data', folder);
    await rm(folder, { recursive: true, force: true });
  });

  it('say what to do where nothing runs', async () => {
    const env = await mammoflow('env', '--data', folder);
    assert.equal(env.code, 1);
    assert.match(env.stderr, /^error: No Temporal service is configured.*`mammoflow up`.*\n$/);
    const down = await mammoflow('down', '--data', folder);
    assert.equal(down.code, 0);
    assert.match(down.stdout, /nothing runs/);
    const doctor = await mammoflow('doctor', '--data', folder);
    assert.equal(doctor.code, 1);
    assert.match(doctor.stdout, /FAIL {2}services/);
  });

  it('are not misled by the state of a process that has ended', async () => {
    await mkdir(folder, { recursive: true });
    const state: StackState = {
      pid: process.pid,
      identity: 'an earlier process with this pid',
      startedAt: new Date(0).toISOString(),
      phase: 'ready',
      workers: [],
    };
    await writeFile(join(folder, 'supervisor.json'), JSON.stringify(state));
    assert.match((await mammoflow('down', '--data', folder)).stdout, /nothing runs/);
  });

  it('start in the background once, lead clients there, and stop', async () => {
    const [first, second] = await Promise.all([
      mammoflow('up', '--no-workers', '--json', '--data', folder),
      mammoflow('up', '--no-workers', '--json', '--data', folder),
    ]);
    assert.deepEqual([first.code, second.code], [0, 0], first.stderr + second.stderr);
    const [one, other] = [JSON.parse(first.stdout), JSON.parse(second.stdout)];
    assert.equal(one.pid, other.pid, 'two at once start one stack');
    assert.deepEqual([one.alreadyRunning, other.alreadyRunning].sort(), [false, true]);

    const again = await mammoflow('up', '--data', folder);
    assert.equal(again.code, 0);
    assert.match(again.stdout, /^already running/);

    const status = await mammoflow('status', '--json', '--data', folder);
    assert.equal(status.code, 0, status.stdout);
    const { ready, temporal, s3, workers, receiver } = JSON.parse(status.stdout);
    assert.equal(ready, true);
    assert.equal(receiver.status, 'ok');
    assert.equal((await stat(join(folder, 'supervisor.json'))).mode & 0o777, 0o600, 'it holds a secret');
    assert.deepEqual(workers, []);

    const env = JSON.parse((await mammoflow('env', '--json', '--data', folder)).stdout);
    assert.equal(env.AWS_ENDPOINT_URL_S3, s3.endpoint);
    assert.equal(env.MAMMOFLOW_BUCKET, s3.bucket);
    assert.equal(env.TEMPORAL_ADDRESS, temporal.address);
    assert.equal(env.TEMPORAL_NAMESPACE, 'default');
    const credentials = JSON.parse(await readFile(join(folder, 's3-credentials.json'), 'utf8'));
    assert.equal(env.AWS_ACCESS_KEY_ID, credentials.accessKeyId);
    assert.equal(env.AWS_SECRET_ACCESS_KEY, credentials.secretAccessKey);
    const lines = (await mammoflow('env', '--data', folder)).stdout;
    assert.match(lines, new RegExp(`^export TEMPORAL_ADDRESS=${temporal.address}$`, 'm'));

    const doctor = await mammoflow('doctor', '--json', '--data', folder);
    assert.equal(doctor.code, 0, doctor.stdout);
    const outcomes = new Map(
      (JSON.parse(doctor.stdout) as { check: string; outcome: string }[]).map(({ check, outcome }) => [check, outcome]),
    );
    assert.equal(outcomes.get('bucket versioning'), 'ok');
    assert.equal(outcomes.get('search attributes'), 'ok');
    assert.equal(outcomes.get('mammoflow-cpu'), 'warn', 'no worker polls');
    assert.equal(outcomes.get('receiver'), 'ok');
    assert.equal(outcomes.get('console'), 'ok');
    assert.equal(outcomes.get('inbox'), 'ok', 'its schedule has been set up');

    const { pid } = (await readRunningState(folder))?.consoleProcess ?? {};
    process.kill(pid as number, 'SIGSTOP');
    const without = await mammoflow('status', '--json', '--data', folder);
    process.kill(pid as number, 'SIGCONT');
    assert.equal(without.code, 1);
    assert.match(JSON.parse(without.stdout).problems.join('\n'), /^The console does not answer/);

    const down = await mammoflow('down', '--json', '--data', folder);
    assert.deepEqual(JSON.parse(down.stdout), { stopped: true });
    assert.equal(processIdentity(one.pid), undefined);
    await assert.rejects(fetch(s3.endpoint));
    await assert.rejects(fetch(receiver.address));
    assert.equal((await mammoflow('status', '--data', folder)).code, 1);
  });
});

describe('a stack', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mammoflow-test-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('starts a worker again that has crashed, tells of it, and ends it with the rest', async () => {
    const forEver = { name: 'worker-test', command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'] };
    const stack = await startStack({ dataFolder: folder, ephemeral: true, log: quiet, workers: [forEver] });
    let last: number | undefined;
    try {
      const before = stack.state().workers[0]!.pid;
      process.kill(before, 'SIGKILL');
      for (let state: StackState | undefined; ; await sleep(50)) {
        state = await readRunningState(folder);
        const [worker] = state?.workers ?? [];
        if (worker !== undefined && worker.pid !== before) {
          assert.equal(worker.restarts, 1);
          last = worker.pid;
          break;
        }
      }
      assert.notEqual(processIdentity(last), undefined);
    } finally {
      await stack.stop();
    }
    assert.equal(processIdentity(last), undefined);
    assert.equal(await readRunningState(folder), undefined);
  });

  it('hears of uploads to its S3 server, and starts the receiver again that has crashed', async () => {
    const stack = await startStack({ dataFolder: folder, ephemeral: true, log: quiet, workers: [] });
    const { temporal, s3 } = stack.services;
    const connection = await Connection.connect({ address: temporal.address });
    const takeIn = new Client({ connection }).workflow.getHandle(takeInWorkflowId('main'));
    const client = s3ClientOf(s3);
    const signals = async (): Promise<number> => {
      const { events } = await takeIn.fetchHistory().catch(() => ({ events: [] }));
      return (events ?? []).filter((event) => event.workflowExecutionSignaledEventAttributes != null).length;
    };
    const upload = (Key: string) => client.send(new PutObjectCommand({ Bucket: s3.bucket, Key, Body: 'a scan' }));
    try {
      await until('the hint that a receiver begins with', async () => (await signals()) === 1);
      await upload('inbox/exams/exam-1/L_CC.png');
      await until('a hint', async () => (await signals()) === 2);

      const before = (await readRunningState(folder))?.receiver;
      const servers = stack.services.pids();
      process.kill(before?.pid as number, 'SIGKILL');
      const after = await until('a new one', async () => {
        const receiver = (await readRunningState(folder))?.receiver;
        return receiver?.running && receiver.pid !== before?.pid ? receiver : undefined;
      });
      assert.deepEqual([after.address, after.restarts], [before?.address, 1]);
      assert.deepEqual(stack.services.pids(), servers, 'nothing else was touched');
      await until('the hint that it begins with', async () => (await signals()) === 3);
      await upload('inbox/exams/exam-1/R_CC.png');
      await until('a hint of the same S3 server', async () => (await signals()) === 4);
    } finally {
      client.destroy();
      await connection.close();
      await stack.stop();
    }
  });

  it('starts the console again that has crashed, on the same address, and tells of it', async () => {
    const stack = await startStack({ dataFolder: folder, ephemeral: true, log: quiet, workers: [], console: true });
    try {
      const before = await readRunningState(folder);
      process.kill(before?.consoleProcess?.pid as number, 'SIGKILL');
      const after = await until('a new one', async () => {
        const state = await readRunningState(folder);
        return state?.consoleProcess?.running && state.consoleProcess.restarts > 0 ? state : undefined;
      });
      assert.notEqual(after.consoleProcess?.pid, before?.consoleProcess?.pid);
      await until('its answer', async () => (await fetch(`${before?.console}/api/session`).catch(quiet))?.ok);
    } finally {
      await stack.stop();
    }
  });

  it('gives workers the addresses of its services', async () => {
    const out = join(folder, 'seen.json');
    const program = `require('fs').writeFileSync(${JSON.stringify(out)}, JSON.stringify(process.env)); setInterval(() => {}, 1000)`;
    const worker = { name: 'worker-test', command: process.execPath, args: ['-e', program] };
    const stack = await startStack({ dataFolder: folder, ephemeral: true, log: quiet, workers: [worker] });
    try {
      let seen: NodeJS.ProcessEnv | undefined;
      while (seen === undefined) {
        await sleep(50);
        seen = await readFile(out, 'utf8').then((text) => (text === '' ? undefined : JSON.parse(text)), quiet);
      }
      assert.equal(seen.TEMPORAL_ADDRESS, stack.services.temporal.address);
      assert.equal(seen.AWS_ENDPOINT_URL_S3, stack.services.s3.endpoint);
    } finally {
      await stack.stop();
    }
  });

  it('does not come up with a worker that ends again and again, and says why', async () => {
    const broken = {
      name: 'worker-test',
      command: process.execPath,
      args: ['-e', 'console.error("no model"); process.exit(4)'],
      taskQueue: 'polled-by-nobody',
    };
    await assert.rejects(startStack({ dataFolder: folder, ephemeral: true, log: quiet, workers: [broken] }), {
      code: 'service-unavailable',
      message: /worker-test ends again and again[\s\S]*no model/,
    });
    assert.equal(await readRunningState(folder), undefined);
  });
});
