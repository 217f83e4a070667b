import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { GetBucketVersioningCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { Client, Connection } from '@temporalio/client';
import { processIdentity } from '../../infra/dev/process-identity.js';
import { type Services, startServices } from '../../infra/dev/services.js';
import { missingSearchAttributes } from '../../infra/search-attributes.js';
import { freshBucket, s3ClientOf, testServices } from '../support/services.js';
import { repositoryRoot } from '../support/shared.js';

const quiet = () => undefined;

async function eventually(what: string, holds: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, `${what}: not within ${withinMs / 1000} s`);
    await sleep(50);
  }
}

const allGone = (pids: readonly number[]) => pids.every((pid) => processIdentity(pid) === undefined);

async function withClients<T>(
  { temporal, s3 }: Pick<Services, 'temporal' | 's3'>,
  use: (temporal: Client, s3: ReturnType<typeof s3ClientOf>) => Promise<T>,
): Promise<T> {
  const connection = await Connection.connect({ address: temporal.address });
  const client = s3ClientOf(s3);
  try {
    return await use(new Client({ connection, namespace: temporal.namespace }), client);
  } finally {
    client.destroy();
    await connection.close();
  }
}

/** Runs the services in a process of their own, which can then be killed. */
async function startElsewhere(dataFolder: string) {
  const program = `
    const { startServices } = await import(${JSON.stringify(`${repositoryRoot}dist/infra/dev/services.js`)});
    const services = await startServices({ dataFolder: ${JSON.stringify(dataFolder)}, log: () => undefined });
    const { temporal, s3 } = services;
    console.log(JSON.stringify({ temporal, s3, pids: services.pids() }));
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { temporal, s3, pids } = JSON.parse(line) as Pick<Services, 'temporal' | 's3'> & {
    pids: { temporal: number; versitygw: number };
  };
  return { child, temporal, s3, pids: [pids.temporal, pids.versitygw] };
}

describe('the embedded services', () => {
  let folder: string;
  const occupied: Server[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mammoflow-test-'));
  });
  afterEach(async () => {
    for (const server of occupied.splice(0)) server.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  it('can be used at once when they have started, and are gone when they have stopped', async () => {
    const services = await startServices({ dataFolder: folder, log: quiet });
    const pids = Object.values(services.pids());
    try {
      await withClients(services, async (temporal, s3) => {
        assert.deepEqual(await missingSearchAttributes(temporal.connection as Connection, 'default'), []);
        const { Status } = await s3.send(new GetBucketVersioningCommand({ Bucket: services.s3.bucket }));
        assert.equal(Status, 'Enabled');
        await temporal.workflow.start('anything', { taskQueue: 'nobody', workflowId: 'first' });
      });
      assert.equal((await fetch(services.temporal.ui)).status, 200);
      const { mode } = await stat(join(folder, 's3-credentials.json'));
      assert.equal(mode & 0o777, 0o600);
      assert.equal(allGone(pids), false);
    } finally {
      await services.stop();
    }
    assert.equal(allGone(pids), true);
  });

  it('refuse a data folder that somebody else uses, and say who', async () => {
    const services = await startServices({ dataFolder: folder, log: quiet, ephemeral: true });
    try {
      await assert.rejects(startServices({ dataFolder: folder, log: quiet, ephemeral: true }), {
        code: 'service-unavailable',
        message: new RegExp(`in use by process ${process.pid}`),
      });
    } finally {
      await services.stop();
    }
  });

  it('take other ports where the usual ones are taken', async () => {
    for (const port of [7233, 8233, 7070]) {
      const server = createServer();
      // Taken by somebody else already is as good for this test.
      server.on('error', quiet);
      server.listen(port, '127.0.0.1');
      occupied.push(server);
    }
    const services = await startServices({ dataFolder: folder, log: quiet });
    try {
      const { address, ui } = services.temporal;
      const ports = [`http://${address}`, ui, services.s3.endpoint].map((url) => new URL(url).port);
      for (const usual of ['7233', '8233', '7070']) assert.equal(ports.includes(usual), false, usual);
    } finally {
      await services.stop();
    }
  });

  it('tell the end of the log of a server that does not start, and leave nothing running', async () => {
    const broken = join(folder, 'broken-versitygw');
    await writeFile(
      broken,
      '#!/bin/sh\n[ "$1" = --version ] && { echo "Version  : v1.8.0"; exit; }\necho "the disk is on fire"; exit 3\n',
    );
    await chmod(broken, 0o755);
    const before = process.env.VERSITYGW;
    process.env.VERSITYGW = broken;
    try {
      await assert.rejects(startServices({ dataFolder: folder, log: quiet, ephemeral: true }), {
        code: 'service-unavailable',
        message: /versitygw ended with code 3[\s\S]*the disk is on fire/,
      });
    } finally {
      if (before === undefined) delete process.env.VERSITYGW;
      else process.env.VERSITYGW = before;
    }
    const services = await startServices({ dataFolder: folder, log: quiet, ephemeral: true });
    await services.stop();
  });

  it('end when their process is killed with SIGKILL, and the next start finds all data', async () => {
    const first = await startElsewhere(folder);
    const written = await withClients(first, async (temporal, s3) => {
      await temporal.workflow.start('anything', { taskQueue: 'nobody', workflowId: 'before-the-kill' });
      return s3.send(new PutObjectCommand({ Bucket: first.s3.bucket, Key: 'a/b', Body: 'before the kill' }));
    });
    assert.ok(written.VersionId);
    first.child.kill('SIGKILL');
    await eventually('the servers end', () => allGone(first.pids));

    const second = await startServices({ dataFolder: folder, log: quiet });
    try {
      assert.equal(second.s3.secretAccessKey, first.s3.secretAccessKey);
      await withClients(second, async (temporal, s3) => {
        const { status } = await temporal.workflow.getHandle('before-the-kill').describe();
        assert.equal(status.name, 'RUNNING');
        const { Bucket, Key, VersionId } = { Bucket: second.s3.bucket, Key: 'a/b', VersionId: written.VersionId };
        const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, VersionId }));
        assert.equal(await Body?.transformToString(), 'before the kill');
      });
    } finally {
      await second.stop();
    }
  });

  it('are the only ones on a folder after everything was killed at once, also where a server had been started again', async () => {
    const first = await startElsewhere(folder);
    process.kill(first.pids[1] as number, 'SIGKILL');
    const notes = join(folder, 'processes');
    const noted = async () =>
      Promise.all((await readdir(notes)).map(async (name) => JSON.parse(await readFile(join(notes, name), 'utf8'))));
    const again = async () => (await noted().catch(() => [])).find(({ name }) => name === 'versitygw')?.pid;
    await eventually('versitygw is started again and noted', async () => {
      const pid = await again();
      return pid !== undefined && pid !== first.pids[1];
    });
    const left = [first.pids[0] as number, (await again()) as number];
    // Everything but the servers: the process, and the guards, which lead the servers' groups.
    const exited = once(first.child, 'exit');
    const { stdout } = await promisify(execFile)('ps', ['-e', '-o', 'pid=,pgid=']);
    const processes = stdout
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number));
    const groups = processes.filter(([pid]) => left.includes(pid as number)).map(([, group]) => group);
    const guards = processes.filter(([pid, group]) => groups.includes(group) && !left.includes(pid as number));
    process.kill(first.child.pid as number, 'SIGSTOP');
    for (const [guard] of guards) process.kill(guard as number, 'SIGKILL');
    process.kill(first.child.pid as number, 'SIGKILL');
    await exited;
    for (const pid of left) assert.equal(allGone([pid]), false, 'a server outlived all');

    const second = await startServices({ dataFolder: folder, log: quiet });
    try {
      assert.equal(allGone(left), true);
    } finally {
      await second.stop();
    }
  });

  it('keep their data in a folder whose name means something in a URL, and find them there again', async () => {
    const dataFolder = join(folder, 'ward #1', 'left?right=%20');
    for (const start of ['first', 'second']) {
      const services = await startServices({ dataFolder, log: quiet });
      try {
        await withClients(services, async (temporal, s3) => {
          if (start === 'first') {
            await temporal.workflow.start('anything', { taskQueue: 'nobody', workflowId: 'first' });
            await s3.send(new PutObjectCommand({ Bucket: services.s3.bucket, Key: 'a', Body: 'b' }));
          }
          assert.equal((await temporal.workflow.getHandle('first').describe()).status.name, 'RUNNING');
          await s3.send(new GetObjectCommand({ Bucket: services.s3.bucket, Key: 'a' }));
        });
      } finally {
        await services.stop();
      }
    }
    assert.ok((await readdir(dataFolder)).includes('temporal.db'));
    assert.deepEqual(await readdir(folder), ['ward #1'], 'nothing lies beside it');
  });

  it('say what to do where the file system keeps no extended attributes, or the folder is not theirs', async () => {
    const broken = join(folder, 'versitygw');
    const says = 'xattr check failed: operation not supported';
    await writeFile(
      broken,
      `#!/bin/sh\n[ "$1" = --version ] && { echo "Version  : v1.8.0"; exit; }\necho "${says}"; exit 1\n`,
    );
    await chmod(broken, 0o755);
    const before = process.env.VERSITYGW;
    process.env.VERSITYGW = broken;
    try {
      await assert.rejects(startServices({ dataFolder: folder, log: quiet, ephemeral: true }), { next: /--data/ });
    } finally {
      if (before === undefined) delete process.env.VERSITYGW;
      else process.env.VERSITYGW = before;
    }
    await assert.rejects(startServices({ dataFolder: join(broken, 'data'), log: quiet }), {
      code: 'invalid-configuration',
      next: /--data or MAMMOFLOW_DATA/,
    });
  });

  it('can be started on a folder right after its process was killed, while its servers still end', async () => {
    const first = await startElsewhere(folder);
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    const second = await startServices({ dataFolder: folder, log: quiet });
    try {
      assert.equal(allGone(first.pids), true);
    } finally {
      await second.stop();
    }
  });

  it('start a server again that was killed, on the same port', async () => {
    const services = await startServices({ dataFolder: folder, log: quiet });
    try {
      const before = services.pids().versitygw;
      process.kill(before, 'SIGKILL');
      await eventually('versitygw runs again', () => services.pids().versitygw !== before);
      await withClients(services, async (_, s3) => {
        await s3.send(new PutObjectCommand({ Bucket: services.s3.bucket, Key: 'after', Body: 'the kill' }));
      });
    } finally {
      await services.stop();
    }
  });
});

describe('the services for tests', () => {
  it('are one pair for the whole run, with a bucket for each that asks', async () => {
    assert.equal(await testServices(), await testServices());
    const [one, other] = await Promise.all([freshBucket(), freshBucket()]);
    assert.notEqual(one.bucket, other.bucket);
    const client = s3ClientOf(one);
    const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket: one.bucket }));
    client.destroy();
    assert.equal(Status, 'Enabled');
  });
});
