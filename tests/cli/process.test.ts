import assert from 'node:assert/strict';
import { join } from 'node:path';
import { waitForJob } from '../../api/jobs/jobs-client.js';
import { listJobs } from '../../api/jobs/list-jobs.js';
import { jobs } from '../../api/reading/jobs.js';
import type { JobRow, JobSummary, PutOutcome } from '../../index.js';
import { pageOf } from '../../index.js';
import { startJobAs } from '../../planning/start-job.js';
import { blackExam } from '../support/exams.js';
import { runInEnvironment } from '../support/run-command.js';
import { openTestSystem, PLACEHOLDER, type TestSystem } from '../support/system.js';
import { until } from '../support/until.js';

/** Black exams fail in their first stage, within a second: here it is what the verbs say that counts. */
describe('the verbs that start jobs and look at them', () => {
  let system: TestSystem;
  let exams: string;
  const run = (...args: string[]) => runInEnvironment(system.environment, ...args);
  const countJobs = async () => (await pageOf(jobs(system.session), 1_000)).items.length;
  const waitFor = async (job: string) =>
    waitForJob(await system.session.client(), system.session.repository, job, () => undefined);

  before(async () => {
    system = await openTestSystem();
    exams = join(system.folder, 'exams');
    await system.startWorkers();
    await system.put('models', PLACEHOLDER);
    await blackExam(exams, 'exam-1');
    await system.put('exams', exams);
  });
  after(() => system.close());

  it('process --only of an exam that is not there starts nothing', async () => {
    const before = await countJobs();
    const { code, stdout, stderr } = await run('process', '--only', 'exam-1', 'nosuch');
    assert.deepEqual([code, stdout], [1, '']);
    assert.equal(
      stderr,
      'error: main has no exam nosuch, so no job was started. See `mammoflow ls exams` for what there is.\n',
    );
    assert.equal(await countJobs(), before);
  });

  it('put of what is there already starts the job that is due, which job --watch names first, and then none', async () => {
    const { code, stdout: all } = await run('put', 'exams', exams);
    // A black picture is warned of.
    const stdout = all.replace(/^warning: .*\n/gm, '');
    assert.equal(code, 0, all);
    const [, job = ''] =
      /^nothing to commit: everything is there already\njob (\S+) started; see it with `mammoflow job \1 --watch`\n$/.exec(
        stdout,
      ) ?? [];
    assert.notEqual(job, '', stdout);
    const watched = await run('job', job, '--watch');
    assert.equal(watched.code, 2, 'an exam failed');
    assert.ok(watched.stderr.startsWith(`job ${job}\n`), watched.stderr);
    assert.ok(watched.stdout.startsWith(`job ${job} completed: 1 failed\n`), watched.stdout);
    const again = await run('put', 'exams', exams);
    assert.equal(
      again.stdout.replace(/^warning: .*\n/gm, ''),
      'nothing to commit: everything is there already\nno job started: no exam wants anything that it does not have\n',
    );
    const outcome = JSON.parse((await run('put', 'exams', exams, '--json')).stdout) as PutOutcome;
    assert.deepEqual([outcome.commit, outcome.job, outcome.changed], [null, null, []]);
  });

  it('process --wait names its job before anything else, on standard error', async () => {
    const { code, stdout, stderr } = await run('process', '--wait', '--json');
    const { status, exams: counts } = JSON.parse(stdout) as JobSummary;
    assert.deepEqual([status, counts.failed], ['completed', 1]);
    assert.equal(code, 2, stderr);
    const [first] = stderr.split('\n');
    assert.match(first ?? '', /^job main-\d+-[0-9a-f]{6}$/);
  });

  it('branch release says whether it was on hold, and which job follows', async () => {
    await run('branch', 'hold', 'main', '--reason', 'a test');
    await blackExam(exams, 'exam-2');
    const held = await run('put', 'exams', exams);
    assert.match(held.stdout, /: 1 changed in exams\nno job started, because the branch is on hold; /);
    const released = await run('branch', 'release', 'main');
    const [, job = ''] =
      /^branch main is released; it was on hold since \S+, by .+\njob (\S+) started; /.exec(released.stdout) ?? [];
    assert.notEqual(job, '', released.stdout);
    assert.deepEqual((await waitFor(job)).exams, { processed: 0, skipped: 0, failed: 2 });
    const shown = await run('job', job);
    assert.match(
      shown.stdout,
      /: 2 failed\n {2}failed before this job and not tried again, because nothing changed: 1 \(/,
    );
    const again = await run('branch', 'release', 'main');
    assert.equal(
      again.stdout,
      'branch main was not on hold\nno job started: no exam wants anything that it does not have\n',
    );
  });

  it('jobs shows the newest and says that there are more', async () => {
    const { session } = system;
    const head = await session.repository.head('main');
    assert.ok(head);
    const client = await session.client();
    const names = Array.from({ length: 21 }, (_, index) => `main-one-of-many-${index}`);
    await Promise.all(names.map((job) => startJobAs(client, job, head, { branch: 'main' }).then(() => waitFor(job))));
    const listed = await until('the jobs to be listed', async () => {
      const all = JSON.parse((await run('jobs', '--all', '--json')).stdout) as JobRow[];
      return all.length > 21 && all;
    });
    const [newest] = listed;
    assert.deepEqual(
      [newest?.status, newest?.branch, newest?.total, newest?.exams],
      ['completed', 'main', 2, { processed: 0, skipped: 0, failed: 2 }],
    );
    assert.ok((newest?.seconds ?? -1) >= 0 && newest?.ended !== undefined);
    const ids = listed.map(({ job }) => job);
    const rest: string[] = [];
    for await (const { job } of listJobs(client, session.repository, { after: ids[4] as string, limit: 3 }))
      rest.push(job);
    assert.deepEqual(rest, ids.slice(5, 8));
    const [some, few, all] = await Promise.all([run('jobs'), run('jobs', '--limit', '2'), run('jobs', '--all')]);
    assert.equal(some.stderr, 'These are the newest 20; --all shows all, --limit <count> more.\n');
    assert.equal(some.stdout.trimEnd().split('\n').length, 1 + 20);
    assert.deepEqual([few.stderr, few.stdout.trimEnd().split('\n').length], ['', 1 + 2]);
    assert.deepEqual([all.stderr, all.stdout.trimEnd().split('\n').length], ['', 1 + listed.length]);
  });
});
