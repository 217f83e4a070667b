import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type Services, startServices } from '../../infra/dev/services.js';
import { OUTCOMES } from '../../pipeline/commit.js';
import { VIEWS } from '../../pipeline/exam.js';
import { inboxSettingsSchema } from '../../pipeline/inbox-settings.js';
import { takeInWorkflowId } from '../../pipeline/take-in.js';
import { type Repository, rootOf } from '../../repos/repository.js';
import { hintInbox } from '../../triggers/hint.js';
import { recordHistory } from '../support/histories.js';
import { openInbox, type TestInbox } from '../support/inbox.js';
import { openSmallSystem, type SmallSystem } from '../support/small-system.js';
import { openTestSystem, PLACEHOLDER, type TestSystem } from '../support/system.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { startWorkerProcess } from '../support/worker-process.js';

const INBOX = inboxSettingsSchema.parse({ quietSeconds: 1 });
/** Enough that copying them takes much longer than noticing that it has begun. */
const EXAMS = 40;

/** Whatever is killed in the middle of copying: every exam is committed once, has one result, and the inbox is empty. */
describe('taking in goes on, with nothing lost and nothing doubled,', () => {
  describe('after its worker', () => {
    let system: TestSystem;
    let inbox: TestInbox;
    beforeEach(async () => {
      system = await openTestSystem();
      inbox = openInbox(system.s3);
    });
    afterEach(async () => {
      inbox.close();
      await system.close();
    });

    it('was killed', async () => {
      await system.put('models', PLACEHOLDER);
      await system.startWorkers(['cpu']);
      const names = await uploadMany(inbox, 'exam');
      const client = await system.session.client();
      const first = startWorkerProcess(system, 'workflow');
      await hintInbox(client);
      await untilCopying(inbox);
      await first.kill();
      const copied = (await inbox.keys('exams/')).length;
      assert.ok(
        copied > 0 && copied < names.length * VIEWS.length,
        `${copied} copies when it was killed, so that nothing is committed`,
      );

      const second = startWorkerProcess(system, 'workflow');
      try {
        // These pictures hold no breast, so that their result comes quickly: a reason.
        await untilAllHaveResults(system.session.repository, names.length);
        await expectOnce(system, inbox, names);
        await recordHistory(system, takeInWorkflowId('main'), 'take-in-worker-killed');
      } finally {
        await second.kill();
      }
    });
  });

  describe('after a server', () => {
    it('was killed: S3, and then Temporal', () =>
      withTemporaryFolder(async (folder) => {
        const services = await startServices({ dataFolder: join(folder, 'data'), log: () => undefined });
        let system: SmallSystem | undefined;
        const inbox = openInbox(services.s3);
        try {
          system = await openSmallSystem(services);
          await system.useModel('red', 'all');
          await system.startSmallWorkers({ inbox: INBOX });
          let names: string[] = [];
          for (const server of ['versitygw', 'temporal'] as const) {
            const before = (await inbox.keys('exams/')).length;
            names = [...names, ...(await uploadMany(inbox, server))];
            const client = await system.session.client();
            await hintInbox(client);
            await untilCopying(inbox, before);
            await killAndAwait(services, server);
            await untilAllHaveResults(system.session.repository, names.length);
            await expectOnce(system, inbox, names);
          }
        } finally {
          inbox.close();
          await system?.close();
          await services.stop();
        }
      }));
  });
});

async function uploadMany(inbox: TestInbox, prefix: string): Promise<string[]> {
  const names = Array.from({ length: EXAMS }, (_, index) => `${prefix}-${index}`);
  for (let start = 0; start < names.length; start += 10) {
    await Promise.all(names.slice(start, start + 10).map((name) => inbox.uploadViews(name)));
  }
  return names;
}

async function untilCopying(inbox: TestInbox, before = 0): Promise<void> {
  const end = Date.now() + 60_000;
  while ((await inbox.keys('exams/')).length <= before) {
    if (Date.now() > end) throw new Error('nothing was ever copied');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function killAndAwait(services: Services, server: 'versitygw' | 'temporal'): Promise<void> {
  const pid = services.pids()[server];
  process.kill(pid, 'SIGKILL');
  await until(`${server} to run again`, async () => services.pids()[server] !== pid);
}

const untilAllHaveResults = (repository: Repository, exams: number): Promise<unknown> =>
  until('the results', async () => {
    const head = await repository.head('main').catch(() => undefined);
    return rootOf(head, OUTCOMES).items === exams;
  });

/** The exams that each commit from the inbox changed. */
async function commitsFromInbox(repository: Repository): Promise<string[][]> {
  const head = await repository.head('main');
  const found: string[][] = [];
  if (head === undefined) return found;
  for await (const commit of repository.log(head)) {
    if (commit.by.kind !== 'take-in') continue;
    const before = rootOf(await repository.parent(commit), 'exams');
    const changed: string[] = [];
    for await (const { name } of repository.inputs.diff(before, rootOf(commit, 'exams'))) changed.push(name);
    found.push(changed);
  }
  return found;
}

/** Counted by what lies in S3. */
async function expectOnce(
  { session: { repository } }: TestSystem,
  inbox: TestInbox,
  names: readonly string[],
): Promise<void> {
  await until('the inbox to be empty', async () => (await inbox.keys()).length === 0);
  const head = await repository.head('main');
  assert.equal(rootOf(head, 'exams').items, names.length);
  assert.equal(rootOf(head, 'exams').files, names.length * VIEWS.length);
  const copies = await inbox.keys('exams/');
  assert.equal(new Set(copies).size, names.length * VIEWS.length);
  assert.equal(copies.length, names.length * VIEWS.length, 'no file was committed twice');
  const commits = await commitsFromInbox(repository);
  assert.deepEqual(commits.flat().sort(), [...names].sort(), 'every exam was committed once');
  assert.ok(commits.length <= names.length / 10, `${commits.length} commits`);
}
