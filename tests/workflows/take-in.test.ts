import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, WorkflowFailedError } from '@temporalio/client';
import { takeInExams } from '../../activities/inbox/take-in-exams.js';
import { setArrivals } from '../../api/changing/set-arrivals.js';
import { ensureInboxSchedule } from '../../infra/inbox-schedule.js';
import { MODEL_CARD_FILE } from '../../pipeline/bundle.js';
import { type Commit, OUTCOMES } from '../../pipeline/commit.js';
import { VIEWS, viewFile } from '../../pipeline/exam.js';
import { TASK_QUEUES } from '../../pipeline/graph.js';
import { inboxSettingsSchema } from '../../pipeline/inbox-settings.js';
import { inboxScheduleId, type TakeInState, takeInWorkflowId } from '../../pipeline/take-in.js';
import { lookIntoInbox } from '../../planning/look-into-inbox.js';
import { readPipeline } from '../../repos/pipeline-repo.js';
import { rootOf } from '../../repos/repository.js';
import { hintInbox } from '../../triggers/hint.js';
import { makePng } from '../imaging/png-fixtures.js';
import { recordHistory } from '../support/histories.js';
import { openInbox, type TestInbox, viewPicture } from '../support/inbox.js';
import { openSmallSystem, type SmallSystem } from '../support/small-system.js';
import { PLACEHOLDER } from '../support/system.js';
import { until } from '../support/until.js';
import { offlineSession } from '../support/verbs.js';

/** Quick, so that tests are. */
const INBOX = inboxSettingsSchema.parse({ quietSeconds: 1, correctionQuietSeconds: 3, reportAfterSeconds: 0 });

const ZEROS = `"${'0'.repeat(64)}"`;

describe('taking in', () => {
  let system: SmallSystem;
  let inbox: TestInbox;
  let client: Client;
  let opened: Date;
  const repository = () => system.session.repository;
  const head = async () => (await repository().head('main')) as Commit;
  const examsTakenIn = async () => rootOf(await repository().head('main'), 'exams').items;
  const results = async () => rootOf(await repository().head('main'), 'report').items;
  const state = () => client.workflow.getHandle(takeInWorkflowId('main')).query<TakeInState>('waiting');
  const commitsFromInbox = async (): Promise<Commit[]> => {
    const commits: Commit[] = [];
    for await (const commit of repository().log(await head())) if (commit.by.kind === 'take-in') commits.push(commit);
    return commits;
  };

  beforeEach(async () => {
    opened = new Date();
    system = await openSmallSystem();
    inbox = openInbox(system.s3);
    client = await system.session.client();
    await system.useModel('red', 'all');
    await system.startSmallWorkers({ inbox: INBOX });
  });
  afterEach(async () => {
    inbox.close();
    await system.close();
  });

  it('commits an exam when its last view has come and all is quiet, processes it, and empties the inbox', async () => {
    await inbox.uploadViews('exam-1', ['L_CC', 'R_CC', 'L_MLO']);
    await hintInbox(client);
    const [item] = (await until('the look', async () => (await state().catch(() => undefined))?.items)) ?? [];
    assert.deepEqual(
      [item?.name, item?.state, item?.missing, item?.overdue],
      ['exam-1', 'incomplete', ['R_MLO'], true],
    );
    assert.match(item?.sentence ?? '', /^Waiting for R_MLO since \d\d:\d\d\.$/);
    assert.equal(await examsTakenIn(), 0);

    await inbox.upload(`exams/exam-1/${viewFile('R_MLO')}`, viewPicture('exam-1', 'R_MLO'));
    await inbox.upload('exams/exam-1/notes.txt', 'not a view');
    await hintInbox(client, { hints: 2 });
    await until('the result', async () => (await results()) === 1);
    assert.deepEqual(await inbox.keys(), ['inbox/exams/exam-1/notes.txt']);
    const [commit] = await commitsFromInbox();
    assert.equal(commit?.message, 'Take in exam exam-1');
    const exam = await repository().inputs.get(rootOf(commit, 'exams'), 'exam-1');
    assert.deepEqual(
      exam?.files.map(({ path }) => path),
      VIEWS.map(viewFile).sort(),
    );
    const { takenIn, stray } = await state();
    assert.deepEqual(takenIn, { exams: 1, bundles: 0, commits: 1 });
    assert.deepEqual(stray, { files: 1, examples: ['inbox/exams/exam-1/notes.txt'] });
  });

  it('takes in what was uploaded before the bucket kept versions, and what replaced some of it', async () => {
    await inbox.keepVersions(false);
    await inbox.uploadViews('late-1');
    await inbox.uploadViews('late-2');
    await inbox.keepVersions(true);
    await inbox.uploadViews('late-2', ['L_CC', 'R_CC'], 'again');
    await hintInbox(client);
    await until('the results', async () => (await results()) === 2);
    await until('the inbox to be empty', async () => (await inbox.keys()).length === 0);
    assert.equal((await state()).trouble, undefined);
  });

  it('refuses what it cannot move, with what to do, and does not try it without end', async () => {
    await inbox.uploadViews('exam-1');
    const { store } = repository();
    // A bucket that lists versions which it does not give, as some servers do with files put into their folders.
    const stuck = { ...store, get: async () => undefined };
    const settings = { ...INBOX, quietSeconds: 0 };
    const request = { branch: 'main', exams: ['exam-1'], settings, seen: {}, batch: 'b', after: -1 };
    // Until they count as quiet, nothing is tried.
    const refused = await until('the attempt', async () => {
      const taken = await takeInExams({ ...repository(), store: stuck }, request);
      assert.equal(taken.exams, 0);
      return taken.refused.length > 0 && taken.refused;
    });
    assert.match(refused[0]?.reason ?? '', /^Exam exam-1 cannot be moved out of the inbox: .* Upload it again/);
    const look = await lookIntoInbox(repository(), { branch: 'main', settings, shown: 5, batch: 5 });
    assert.deepEqual([look.exams, look.report.items[0]?.state], [[], 'refused']);
    assert.match(look.report.items[0]?.sentence ?? '', /mammoflow inbox dismiss exam-1`/);
  });

  it('makes one commit of exams that come together, refuses a bad one alone, and does not try it again', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `exam-${index}`);
    await Promise.all(names.map((name) => inbox.uploadViews(name)));
    await inbox.uploadViews('exam-8bit', ['L_CC', 'R_CC', 'L_MLO']);
    await inbox.upload('exams/exam-8bit/R_MLO.png', makePng({ rows: 8, columns: 6, depth: 8 }));
    await hintInbox(client);
    await until('the results', async () => (await results()) === names.length);
    assert.equal((await commitsFromInbox()).length, 1);
    const told = async () => {
      const { counts, items } = await state();
      return counts?.refused === 1 && items?.[0];
    };
    const item = await until('the refusal', told);
    assert.equal(item.name, 'exam-8bit');
    assert.match(item.sentence, /^R_MLO\.png of exam exam-8bit is an 8-bit greyscale PNG, not a 16-bit one\. Export/);
    const requests = repository().store.requests();
    await hintInbox(client);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    assert.ok(repository().store.requests() - requests < 20, 'it is not opened again');
    assert.equal((await inbox.keys('exams/exam-8bit/')).length, 0, 'nothing of it was copied');

    await inbox.upload('exams/exam-8bit/R_MLO.png', viewPicture('exam-8bit', 'R_MLO'));
    await hintInbox(client);
    await until('the mended exam', async () => (await results()) === names.length + 1);
    assert.deepEqual(await inbox.keys(), []);
    await recordHistory(system, takeInWorkflowId('main'), 'take-in-refused');
    await hintInbox(client);
    await until('the old refusal to be forgotten', async () => (await inbox.keys('.mammoflow/refused/')).length === 0);
  });

  it('corrects a committed exam after a longer quiet, and keeps its other files', async () => {
    await inbox.uploadViews('exam-1');
    await hintInbox(client);
    await until('the exam', async () => (await results()) === 1);
    const before = await repository().inputs.get(rootOf(await head(), 'exams'), 'exam-1');

    await inbox.uploadViews('exam-1', ['L_CC'], 'of a second visit');
    await hintInbox(client);
    const [item] = (await until('the look', async () => {
      const { items } = await state();
      return items?.[0]?.state === 'settling' && items;
    })) as NonNullable<TakeInState['items']>;
    assert.equal(item?.correction, true);
    assert.match(
      item?.sentence ?? '',
      /^L_CC of a committed exam arrived; taken in after \d seconds? unless more comes/,
    );
    await until('the correction', async () => (await commitsFromInbox()).length === 2);
    const after = await repository().inputs.get(rootOf(await head(), 'exams'), 'exam-1');
    const changed = after?.files.filter(({ versionId }, index) => versionId !== before?.files[index]?.versionId);
    assert.deepEqual(
      changed?.map(({ path }) => path),
      ['L_CC.png'],
    );
    await until('its new result', async () => (await results()) === 1);
    assert.deepEqual(await inbox.keys(), []);
  });

  it('commits and starts no job while the branch is on hold', async () => {
    await repository().setHold('main', { since: new Date().toISOString(), author: 'test' });
    await inbox.uploadViews('exam-1');
    await hintInbox(client);
    await until('the exam', async () => (await examsTakenIn()) === 1);
    const { last } = await until('the decision', async () => {
      const now = await state();
      return now.last?.because !== undefined && now;
    });
    assert.deepEqual([last?.job, last?.because], [null, 'hold']);
    assert.deepEqual(await jobs(), []);
    await repository().setHold('main', undefined);
    await system.process();
    assert.equal(await results(), 1);
  });

  it('finds what no event told of when the schedule reminds it, whether it runs or not', async () => {
    await ensureInboxSchedule(client, { everySeconds: 1 });
    try {
      await inbox.uploadViews('exam-1');
      await until('the exam', async () => (await results()) === 1);
      await inbox.uploadViews('exam-2');
      await until('the other exam', async () => (await results()) === 2);
      await client.workflow.getHandle(takeInWorkflowId('main')).terminate('a test');
      await inbox.uploadViews('exam-3');
      await until('the third exam', async () => (await results()) === 3);
      const reminders: string[] = [];
      const query = "WorkflowType = 'remindTakeIn' AND ExecutionStatus = 'Completed'";
      for await (const { workflowId } of client.workflow.list({ query })) reminders.push(workflowId);
      await recordHistory(system, reminders.at(-1) as string, 'remind-take-in-starts');
      await recordHistory(system, reminders.at(-2) as string, 'remind-take-in-signals');
      await ensureInboxSchedule(client, { everySeconds: 3_600 });
      const { spec } = await client.schedule.getHandle(inboxScheduleId('main')).describe();
      assert.equal(spec.intervals?.[0]?.every, 3_600_000);
    } finally {
      await client.schedule.getHandle(inboxScheduleId('main')).delete();
    }
  });

  it('goes on in a new run when hints pile up, with a bounded history and nothing lost', async () => {
    await inbox.uploadViews('exam-1');
    const handle = client.workflow.getHandle(takeInWorkflowId('main'));
    await hintInbox(client);
    const first = (await handle.describe()).runId;
    for (let hundred = 0; hundred < 7; hundred += 1) {
      await Promise.all(Array.from({ length: 100 }, () => hintInbox(client)));
    }
    await inbox.uploadViews('exam-2');
    await hintInbox(client);
    await until('both exams', async () => (await results()) === 2);
    const { runId, historyLength } = await handle.describe();
    assert.notEqual(runId, first);
    assert.ok(historyLength < 5_000, `${historyLength} events`);
    assert.equal((await state()).takenIn.exams, 2, 'counts go over to the next run');
    await recordHistory(system, takeInWorkflowId('main'), 'take-in-second-run');
    assert.deepEqual(await inbox.keys(), []);
  });

  it('starts the job of a commit whose taker was ended before it came to that', async () => {
    await repository().setHold('main', { since: new Date().toISOString(), author: 'test' });
    await inbox.uploadViews('exam-1');
    await hintInbox(client);
    await until('the commit', async () => (await state().catch(() => undefined))?.last !== undefined);
    await client.workflow.getHandle(takeInWorkflowId('main')).terminate('a test');
    await repository().setHold('main', undefined);
    await hintInbox(client);
    await until('the result', async () => (await results()) === 1);
    assert.equal((await jobs()).length, 1);
  });

  it('checks and commits a bundle, and does with it what the pipeline says', async () => {
    await setArrivals(offlineSession(repository()), { arrivals: 'all' });
    await inbox.uploadViews('exam-1');
    await hintInbox(client);
    await until('the result', async () => (await results()) === 1);
    const card = await readFile(join(PLACEHOLDER, MODEL_CARD_FILE), 'utf8');
    for (const file of await readdir(PLACEHOLDER)) {
      const bytes = await readFile(join(PLACEHOLDER, file));
      await inbox.upload(`models/new/${file}`, bytes);
      await inbox.upload(
        `models/broken/${file}`,
        file === MODEL_CARD_FILE ? card.replaceAll(/"[0-9a-f]{64}"/g, ZEROS) : bytes,
      );
    }
    await inbox.upload('models/unfinished/model.json', card);
    await hintInbox(client);
    const bundleOf = async () => (await repository().outcomes.get(rootOf(await head(), OUTCOMES), 'exam-1'))?.bundle;
    await until('the replay', async () => (await bundleOf()) === 'placeholder');
    const commit = (await commitsFromInbox()).find(({ message }) => message === 'Take in bundle placeholder');
    assert.equal((await readPipeline(repository(), commit as Commit)).eras.length, 1);

    const items = await until('the refusal', async () => {
      const found = (await state()).items?.filter(({ repo }) => repo === 'models');
      return found?.some(({ state: is }) => is === 'refused') && found;
    });
    const told = new Map(items.map((item) => [item.name, item]));
    assert.match(
      told.get('broken')?.sentence ?? '',
      /\.onnx has the SHA-256 [0-9a-f]{64}, but model\.json says 0{64}\./,
    );
    assert.equal(told.get('unfinished')?.state, 'incomplete');
    assert.equal(told.get('unfinished')?.missing.length, 3);
    assert.deepEqual(await inbox.keys('inbox/models/new/'), []);
    await recordHistory(system, takeInWorkflowId('main'), 'take-in-bundle');
  });

  it('ends when it is cancelled, and begins again with the next hint', async () => {
    await hintInbox(client);
    const handle = client.workflow.getHandle(takeInWorkflowId('main'));
    await until('the look', async () => (await state().catch(() => undefined))?.counts !== undefined);
    await handle.cancel();
    await assert.rejects(handle.result(), WorkflowFailedError);
    assert.equal((await handle.describe()).status.name, 'CANCELLED');
    await inbox.uploadViews('exam-1');
    await hintInbox(client);
    await until('the exam', async () => (await results()) === 1);
  });

  it('refuses a wrong argument at once', async () => {
    const options = { workflowId: 'wrong', taskQueue: TASK_QUEUES.workflow, args: [{ quietSeconds: -1 }] };
    await assert.rejects(client.workflow.execute('takeIn', options), (error) => {
      assert.ok(error instanceof WorkflowFailedError);
      assert.match(error.cause?.message ?? '', /takeIn cannot take this argument: quietSeconds/);
      return true;
    });
  });

  async function jobs(): Promise<string[]> {
    const ids: string[] = [];
    const query = "WorkflowType = 'processCommit' AND ExecutionStatus != 'Terminated'";
    for await (const { workflowId, searchAttributes, startTime } of client.workflow.list({ query })) {
      if (startTime >= opened) ids.push(workflowId + String(searchAttributes.MammoflowCommit));
    }
    return ids;
  }
});
