import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { pollersOf } from '../../api/pollers.js';
import { proxyFor, temporalProxy } from '../../infra/proxy.js';
import { type ForwardProxy, startForwardProxy } from '../support/forward-proxy.js';
import { runInEnvironment, startInEnvironment } from '../support/run-command.js';
import { freshBucket, testServices } from '../support/services.js';
import { repositoryRoot } from '../support/shared.js';
import { until } from '../support/until.js';

describe('the proxy for an address', () => {
  const find = (url: string, environment: NodeJS.ProcessEnv) => proxyFor(new URL(url), environment)?.variable;
  const BOTH = { http_proxy: 'http://plain:3128', HTTPS_PROXY: 'http://tls:3128', all_proxy: 'all:1080' };

  it('is that of its own scheme, else the one for all; none for this machine', () => {
    assert.equal(find('http://s3.example.org', BOTH), 'http_proxy');
    assert.equal(find('https://s3.example.org', BOTH), 'HTTPS_PROXY');
    assert.equal(find('https://s3.example.org', { all_proxy: 'all:1080' }), 'all_proxy');
    assert.equal(find('https://s3.example.org', {}), undefined);
    for (const here of ['http://127.0.0.1:7070', 'http://localhost:7070', 'http://[::1]:7070']) {
      assert.equal(find(here, BOTH), undefined, here);
    }
  });

  it('is none for what no_proxy lists', () => {
    const listed = (entry: string, url: string) => find(url, { ...BOTH, NO_PROXY: `x.org, ${entry}` }) === undefined;
    for (const entry of ['example.org', '.example.org', '*.example.org', 's3.example.org', 'S3.EXAMPLE.ORG:443', '*']) {
      assert.ok(listed(entry, 'https://s3.example.org'), entry);
    }
    assert.ok(listed('10.0.0.0/8', 'https://10.1.2.3'));
    for (const entry of ['ample.org', 's3.example.org:80', '10.0.0.0/8']) {
      assert.equal(listed(entry, 'https://s3.example.org'), false, entry);
    }
  });

  it('is refused by the variable’s name where it cannot be one', () => {
    const socks = { https_proxy: 'socks5://somewhere:1080' };
    assert.throws(() => proxyFor(new URL('https://s3.example.org'), socks), { message: /^https_proxy=socks5/ });
    const tls = proxyFor(new URL('https://temporal.example.org'), { https_proxy: 'https://somewhere' });
    assert.throws(() => temporalProxy(tls!), { message: /^https_proxy=https:\/\/somewhere is/, next: /grpc_proxy/ });
  });
});

describe('a proxy as the only way out', () => {
  let proxy: ForwardProxy;
  let environment: NodeJS.ProcessEnv;
  let worker: ChildProcess | undefined;

  before(async () => {
    const { temporal } = await testServices();
    const s3 = await freshBucket();
    proxy = await startForwardProxy({
      'temporal.hospital.test:7233': temporal.address,
      's3.hospital.test:80': new URL(s3.endpoint).host,
    });
    environment = {
      // In upper case, which Temporal's client does not look at by itself.
      HTTP_PROXY: proxy.url,
      TEMPORAL_ADDRESS: 'temporal.hospital.test:7233',
      TEMPORAL_NAMESPACE: temporal.namespace,
      AWS_ENDPOINT_URL_S3: 'http://s3.hospital.test',
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
      AWS_REGION: s3.region,
      MAMMOFLOW_BUCKET: s3.bucket,
      MAMMOFLOW_DATA: '/nonexistent',
    };
  });
  after(async () => {
    if (worker?.exitCode === null) {
      worker.kill('SIGKILL');
      await once(worker, 'exit');
    }
    await proxy.close();
  });

  it('is taken to S3 and Temporal by every verb, and the doctor says whence it is', async () => {
    const bundle = join(repositoryRoot, 'models', 'placeholder', 'bundle');
    const put = await runInEnvironment(environment, 'put', 'models', bundle, '--no-process');
    assert.equal(put.code, 0, put.stderr);
    assert.ok(
      proxy.asked.some((line) => line.startsWith('PUT http://s3.hospital.test/')),
      proxy.asked.join('\n'),
    );
    const jobs = await runInEnvironment(environment, 'jobs');
    assert.equal(jobs.code, 0, jobs.stderr);
    assert.ok(proxy.asked.includes('CONNECT temporal.hospital.test:7233'));
    const doctor = await runInEnvironment({ ...environment, MAMMOFLOW_DATA: repositoryRoot }, 'doctor');
    for (const service of ['Temporal', 'S3']) {
      assert.match(doctor.stdout, new RegExp(`proxy to ${service} +http://127.0.0.1:\\d+, from HTTP_PROXY`));
    }
    assert.doesNotMatch(doctor.stdout, /sesame/, 'the password stays out of it');
  });

  it('is taken by a worker’s own connection', async () => {
    const { temporal } = await testServices();
    proxy.asked.length = 0;
    const cache = { MAMMOFLOW_CACHE: join(tmpdir(), `mammoflow-test-${process.pid}`) };
    worker = startInEnvironment(
      { ...environment, ...cache },
      'worker',
      '--role',
      'cpu',
      '--queue',
      'through-the-proxy',
    );
    const connection = await Connection.connect({ address: temporal.address });
    try {
      await until('the worker to poll', async () => {
        assert.equal(worker?.exitCode, null, 'the worker ended');
        return (await pollersOf(connection, temporal.namespace, 'through-the-proxy')).length > 0;
      });
    } finally {
      await connection.close();
    }
    assert.ok(proxy.asked.includes('CONNECT temporal.hospital.test:7233'));
  });

  it('is taken to a queue of SQS', async () => {
    const receiver = startInEnvironment(environment, 'receive', '--sqs', 'http://sqs.hospital.test/123/inbox');
    const ended = once(receiver, 'exit');
    try {
      const isAsked = async () => proxy.asked.some((line) => line.startsWith('POST http://sqs.hospital.test/'));
      await until('the proxy to be asked', isAsked);
    } finally {
      receiver.kill('SIGKILL');
      await ended;
    }
  });
});
