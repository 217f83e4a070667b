import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runInEnvironment } from '../support/run-command.js';
import { repositoryRoot } from '../support/shared.js';

/** An address at which nothing answers. */
const NOWHERE = 'http://127.0.0.1:9';

/** Set for other work. Each of them once broke the services that `up` runs, its workers or its clients. */
const LEFT_OVER = {
  AWS_PROFILE: 'nobody',
  AWS_SESSION_TOKEN: 'of-other-keys',
  AWS_USE_FIPS_ENDPOINT: 'true',
  AWS_CONFIG_FILE: '/nowhere',
  TEMPORAL_API_KEY: 'of-the-cloud',
  TEMPORAL_TLS: 'true',
  TEMPORAL_TLS_SERVER_NAME: 'cloud.example.org',
  TEMPORAL_NAMESPACE: 'elsewhere',
  http_proxy: NOWHERE,
  https_proxy: NOWHERE,
  ALL_PROXY: NOWHERE,
  NODE_USE_ENV_PROXY: '1',
  VGW_PORT: ':1',
  ROOT_ACCESS_KEY_ID: 'somebody',
  MAMMOFLOW_METRICS: '127.0.0.1:1',
};

describe('services of one’s own, in a shell with settings for other work', () => {
  let folder: string;
  const inShell = (env: NodeJS.ProcessEnv, ...args: string[]) =>
    runInEnvironment({ ...env, MAMMOFLOW_DATA: folder }, ...args);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mammoflow-test-'));
    const up = await inShell(LEFT_OVER, 'up', '--roles', 'workflow,cpu');
    assert.equal(up.code, 0, up.stdout + up.stderr);
  });
  after(async () => {
    await inShell({}, 'down');
    await rm(folder, { recursive: true, force: true });
  });

  it('start, work and are found, and the doctor says what is not obeyed', async () => {
    const status = JSON.parse((await inShell(LEFT_OVER, 'status', '--json')).stdout);
    assert.deepEqual([status.ready, status.problems], [true, []]);
    assert.deepEqual(status.unserved, ['mammoflow-gpu'], 'whom nobody serves');
    const bundle = join(repositoryRoot, 'models', 'placeholder', 'bundle');
    const put = await inShell(LEFT_OVER, 'put', 'models', bundle, '--no-process');
    assert.equal(put.code, 0, put.stderr);
    assert.equal((await inShell(LEFT_OVER, 'jobs')).code, 0);
    const doctor = await inShell(LEFT_OVER, 'doctor');
    assert.equal(doctor.code, 0, doctor.stdout);
    assert.match(doctor.stdout, /Temporal +127\.0\.0\.1:\d+, namespace default, from the services that run on/);
    assert.match(
      doctor.stdout,
      /not obeyed by the services that run here: .*AWS_PROFILE.*TEMPORAL_API_KEY.*http_proxy/,
    );
    assert.match(doctor.stdout, /warn +mammoflow-gpu +Nobody serves it/);
  });

  it('are not mixed with half of others: the variable is named, by the doctor and `up` too', async () => {
    for (const half of [
      { MAMMOFLOW_BUCKET: 'other' },
      { AWS_ENDPOINT_URL: NOWHERE },
      { TEMPORAL_ADDRESS: '127.0.0.1:9' },
    ]) {
      const [name] = Object.keys(half) as [string];
      const log = await inShell(half, 'log');
      assert.equal(log.code, 1);
      assert.match(log.stderr, new RegExp(`^error: ${name} leads to another .*Unset ${name}`));
      assert.match((await inShell(half, 'doctor')).stdout, new RegExp(`FAIL.*${name}`));
    }
    const up = await inShell({ MAMMOFLOW_BUCKET: 'other' }, 'up');
    assert.match(up.stdout, /already running[\s\S]*But MAMMOFLOW_BUCKET in this shell leads elsewhere/);
    const both = { MAMMOFLOW_BUCKET: 'other', AWS_ENDPOINT_URL_S3: NOWHERE, TEMPORAL_ADDRESS: '127.0.0.1:9' };
    const doctor = await inShell({ ...both, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }, 'doctor');
    assert.match(doctor.stdout, /S3 +http:\/\/127\.0\.0\.1:9, from AWS_ENDPOINT_URL_S3/);
    assert.match(
      doctor.stdout,
      /TEMPORAL_ADDRESS, AWS_ENDPOINT_URL_S3, MAMMOFLOW_BUCKET lead elsewhere than to the services/,
    );
  });

  it('are reached by other programs after `eval "$(mammoflow env)"`', async () => {
    const { PATH, HOME } = process.env;
    const command = `"${process.execPath}" "${join(repositoryRoot, 'bin', 'mammoflow.mjs')}"`;
    const { stdout } = await promisify(execFile)(
      'sh',
      ['-c', `eval "$(${command} env)"; env; temporal operator namespace describe default; ${command} log --json`],
      { env: { PATH, HOME, ...LEFT_OVER, MAMMOFLOW_BUCKET: 'other', MAMMOFLOW_DATA: folder } },
    );
    for (const gone of [
      'AWS_PROFILE',
      'AWS_SESSION_TOKEN',
      'TEMPORAL_API_KEY',
      'TEMPORAL_TLS',
      'AWS_USE_FIPS_ENDPOINT',
    ]) {
      assert.doesNotMatch(stdout, new RegExp(`^${gone}=`, 'm'));
    }
    assert.match(stdout, /^MAMMOFLOW_BUCKET=mammoflow$/m);
    assert.match(stdout, /^no_proxy=127\.0\.0\.1$/m);
    assert.match(stdout, /NamespaceInfo\.Name +default/, 'the Temporal CLI is on the PATH and reaches the server');
    assert.match(stdout, /Put bundle placeholder/);
  });
});
