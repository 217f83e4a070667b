import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { serviceEnvironment } from '../../infra/dev/stack.js';
import { freshBucket, testServices } from '../support/services.js';
import { repositoryRoot } from '../support/shared.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

/** Sets the clock that a program sees three days ahead. */
const DAYS_AHEAD = `--import data:text/javascript,${encodeURIComponent(`
  const { now } = Date;
  const RealDate = Date;
  globalThis.Date = class extends RealDate {
    constructor(...parts) { parts.length === 0 ? super(now() + 3 * 86_400_000) : super(...parts); }
    static now() { return now() + 3 * 86_400_000; }
  };`)}`;

describe('a worker whose clock is days ahead', () => {
  it('says so when it starts, and so does the doctor on its machine', () =>
    withTemporaryFolder(async (folder) => {
      const { temporal } = await testServices();
      const s3 = await freshBucket();
      const program = join(repositoryRoot, 'bin', 'mammoflow.mjs');
      const { PATH, HOME } = process.env;
      const services = { ...serviceEnvironment({ temporal, s3 }), MAMMOFLOW_DATA: folder };
      const run = (...args: string[]) =>
        spawn(process.execPath, [program, ...args], { env: { PATH, HOME, ...services, NODE_OPTIONS: DAYS_AHEAD } });
      const worker = run('worker', '--role', 'cpu', '--queue', 'of-the-clock-test');
      let log = '';
      worker.stderr.on('data', (chunk) => {
        log += chunk;
      });
      try {
        await until('the worker to look at the clock', async () => {
          assert.equal(worker.exitCode, null, log);
          return /"aheadSeconds":25(9|8)\d{3},"msg":"the clock of .* is ahead of that of the S3 server/.test(log);
        });
      } finally {
        worker.kill('SIGKILL');
        await once(worker, 'exit');
      }
      const doctor = run('doctor');
      let found = '';
      doctor.stdout.on('data', (chunk) => {
        found += chunk;
      });
      await once(doctor, 'close');
      assert.match(found, /FAIL +clock +25\d{4} s from the S3 server's/);
    }));
});
