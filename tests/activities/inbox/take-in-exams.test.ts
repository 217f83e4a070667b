import assert from 'node:assert/strict';
import { type TakenIn, takeInExams } from '../../../activities/inbox/take-in-exams.js';
import type { S3Service } from '../../../infra/dev/services.js';
import type { Commit } from '../../../pipeline/commit.js';
import { VIEWS, viewFile } from '../../../pipeline/exam.js';
import { inboxSettingsSchema } from '../../../pipeline/inbox-settings.js';
import { lookIntoInbox, type SeenCorrections } from '../../../planning/look-into-inbox.js';
import { readFileEntry } from '../../../repos/committed-files.js';
import { recordErasure } from '../../../repos/erasures.js';
import { openInboxItem } from '../../../repos/inbox.js';
import type { ObjectStore } from '../../../repos/object-store.js';
import { openRepository, type Repository, rootOf } from '../../../repos/repository.js';
import { openInbox, type TestInbox, viewPicture } from '../../support/inbox.js';
import { storeOf, versionsUnder, withRepository } from '../../support/repository.js';

/** Servers tell whole seconds, and what may have come in this one is not quiet yet. */
const SETTINGS = inboxSettingsSchema.parse({ quietSeconds: 0, correctionQuietSeconds: 0 });

describe('taking exams in', () => {
  it('holds every file by version and SHA-256, and leaves nothing in the inbox', () =>
    withInbox(async ({ repository, inbox, take, settle }) => {
      await inbox.uploadViews('exam-1');
      await settle();
      const { commit, exams } = await take(['exam-1']);
      assert.equal(exams, 1);
      const item = await repository.inputs.get(rootOf(await repository.commit(commit as string), 'exams'), 'exam-1');
      for (const view of VIEWS) {
        const entry = item?.files.find(({ path }) => path === viewFile(view));
        assert.ok(entry, view);
        assert.deepEqual(Buffer.from(await readFileEntry(repository.store, entry)), viewPicture('exam-1', view));
      }
      assert.deepEqual(await inbox.keys(), []);
    }));

  it('ends the same whatever request fails, before the server hears of it or after: one commit, no copy twice', () =>
    withInbox(async ({ repository, s3, inbox, settle }) => {
      const clean = storeOf(s3);
      const names = Array.from({ length: 90 }, (_, index) => `exam-${index}`);
      for (let start = 0; start < names.length; start += 10) {
        await Promise.all(names.slice(start, start + 10).map((name) => inbox.uploadViews(name)));
      }
      await settle();
      let failures = 0;
      for (const when of ['before', 'after'] as const) {
        for (let request = 0; ; request += 1) {
          const name = names.pop();
          assert.ok(name, 'more requests than exams');
          const after = (await repository.head('main'))?.sequence ?? -1;
          const attempt = {
            branch: 'main',
            exams: [name],
            settings: SETTINGS,
            seen: {},
            batch: `batch of ${name}`,
            after,
          };
          const failing = failingStore(clean, request, when);
          const failed = await takeInExams(openRepository(failing), attempt).then(
            () => false,
            (error) => {
              assert.equal(error, FAULT);
              return true;
            },
          );
          const { commit } = await takeInExams(repository, attempt);
          const head = (await repository.head('main')) as Commit;
          assert.equal(head.id, commit, 'the commit is found whichever attempt made it');
          assert.equal(head.sequence, after + 1, 'there is one commit');
          assert.equal((await versionsUnder(s3, `exams/${name}/`)).length, VIEWS.length, 'no copy is doubled');
          assert.deepEqual(await inbox.keys(`inbox/exams/${name}/`), []);
          // Beyond the last request nothing fails.
          if (!failed) break;
          failures += 1;
        }
      }
      assert.ok(failures > 30, `only ${failures} faults`);
      clean.close();
    }));

  it('goes on with the others when the server does not give one of them', () =>
    withInbox(async ({ repository, s3, inbox, take, settle }) => {
      for (const name of ['exam-1', 'exam-2', 'exam-3']) await inbox.uploadViews(name);
      await settle();
      const store = storeOf(s3);
      const refusing: ObjectStore = {
        ...store,
        get: (key, versionId) => {
          if (key === 'inbox/exams/exam-2/R_CC.png') throw FAULT;
          return store.get(key, versionId);
        },
      };
      const taken = await take(['exam-1', 'exam-2', 'exam-3'], refusing);
      assert.equal(taken.exams, 2);
      assert.deepEqual(taken.failed, [{ exam: 'exam-2', reason: 'Error: a fault' }]);
      assert.equal(rootOf(await repository.head('main'), 'exams').items, 2);
      assert.equal((await inbox.keys()).length, 4);
      await assert.rejects(take(['exam-2'], refusing), FAULT);
      assert.equal((await take(['exam-2'])).exams, 1);
      store.close();
    }));

  it('leaves a file that is replaced meanwhile, which is taken in next', () =>
    withInbox(async ({ repository, s3, inbox, take, settle }) => {
      await inbox.uploadViews('exam-1');
      await settle();
      const store = storeOf(s3);
      let replaced = false;
      const replacing: ObjectStore = {
        ...store,
        async deleteVersions(versions) {
          if (!replaced && versions.length > 0) {
            replaced = true;
            await inbox.uploadViews('exam-1', ['L_CC'], 'newer');
          }
          return store.deleteVersions(versions);
        },
      };
      await take(['exam-1'], replacing);
      assert.deepEqual(await inbox.keys(), ['inbox/exams/exam-1/L_CC.png']);
      await settle();
      await take(['exam-1']);
      assert.deepEqual(await inbox.keys(), []);
      const item = await repository.inputs.get(rootOf(await repository.head('main'), 'exams'), 'exam-1');
      const bytes = await readFileEntry(repository.store, item?.files.find(({ path }) => path === 'L_CC.png') as never);
      assert.deepEqual(Buffer.from(bytes), viewPicture('exam-1', 'L_CC', 'newer'));
      store.close();
    }));

  it('does not bring back an upload that was replaced before it was taken in', () =>
    withInbox(async ({ repository, inbox, take, settle }) => {
      await inbox.uploadViews('exam-1', VIEWS, 'first');
      await inbox.uploadViews('exam-1', VIEWS, 'second');
      await settle();
      await take(['exam-1']);
      assert.deepEqual(await inbox.keys(), []);
      const item = await repository.inputs.get(rootOf(await repository.head('main'), 'exams'), 'exam-1');
      const bytes = await readFileEntry(repository.store, item?.files[0] as never);
      assert.deepEqual(Buffer.from(bytes), viewPicture('exam-1', 'L_CC', 'second'));
    }));

  it('makes no commit of what is committed already, and empties the inbox of it', () =>
    withInbox(async ({ repository, inbox, take, settle }) => {
      await inbox.uploadViews('exam-1');
      await settle();
      await take(['exam-1']);
      const head = await repository.head('main');
      await inbox.uploadViews('exam-1');
      await settle();
      const again = await take(['exam-1']);
      assert.deepEqual(again, { exams: 1, refused: [], failed: [], flagged: [] });
      assert.equal((await repository.head('main'))?.id, head?.id);
      assert.deepEqual(await inbox.keys(), []);
    }));

  it('replaces an exam as a whole when all its views come, and keeps the others when some do', () =>
    withInbox(async ({ repository, inbox, take, settle }) => {
      const files = async () => {
        const item = await repository.inputs.get(rootOf(await repository.head('main'), 'exams'), 'exam-1');
        return new Map(item?.files.map(({ path, sha256 }) => [path, sha256]));
      };
      await inbox.uploadViews('exam-1');
      await settle();
      await take(['exam-1']);
      const first = await files();
      await inbox.uploadViews('exam-1', ['R_MLO'], 'corrected');
      await settle();
      await take(['exam-1']);
      const corrected = await files();
      assert.equal(corrected.size, 4);
      assert.deepEqual(
        [...corrected].filter(([path, sha256]) => first.get(path) !== sha256).map(([path]) => path),
        ['R_MLO.png'],
      );
    }));

  it('takes a correction only as it was seen for long enough, however old its files say that they are', () =>
    withInbox(async ({ repository, inbox, take, settle }) => {
      await inbox.uploadViews('exam-1');
      await settle();
      await take(['exam-1']);
      await inbox.uploadViews('exam-1', ['L_CC'], 'corrected');
      await settle();
      const settings = inboxSettingsSchema.parse({ quietSeconds: 0, correctionQuietSeconds: 1 });
      const look = (seen: SeenCorrections) =>
        lookIntoInbox(repository, { branch: 'main', settings, shown: 9, batch: 9, seen });
      // By their age they would be quiet by now; but they are seen for the first time.
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      const first = await look({});
      assert.deepEqual([first.exams, first.report.counts.settling], [[], 1]);
      assert.ok((first.nextLookMs ?? 0) > 500);
      const request = { branch: 'main', exams: ['exam-1'], settings, batch: 'b', after: 9 };
      assert.equal((await takeInExams(repository, { ...request, seen: {} })).exams, 0);
      await new Promise((resolve) => setTimeout(resolve, first.nextLookMs));
      const second = await look(first.seen);
      assert.deepEqual(second.exams, ['exam-1']);
      assert.deepEqual(second.seen, first.seen);
      // Another view that arrives now, with an old date, is not taken along.
      const slow = { 'exam-1': { files: 'of another upload', since: 0 } };
      assert.deepEqual((await look(slow)).exams, []);
      assert.equal((await takeInExams(repository, { ...request, seen: slow })).exams, 0);
      assert.equal((await takeInExams(repository, { ...request, seen: second.seen })).exams, 1);
    }));

  it('commits views and list under their own names, and says what is to be known of them', () =>
    withInbox(async ({ repository, inbox, take, settle }) => {
      const list = Buffer.from(
        `(lp0\n(dp1\nVhorizontal_flip\nVYES\ns${VIEWS.map((view) => `V${view.replace('_', '-')}\n(lV3_${view}\naV3_${view}_2\nas`).join('')}a.`,
      );
      const numbered = VIEWS.map((view) => `3_${viewFile(view)}`);
      const dashed = VIEWS.map((view) => viewFile(view).replace('_', '-'));
      for (const [exam, names] of Object.entries({
        numbered,
        dashed,
        'other-list': numbered.map((name) => name.replace('3_', '4_')),
      })) {
        for (const name of names) await inbox.upload(`exams/${exam}/${name}`, viewPicture(exam, 'L_CC', name));
        if (exam !== 'dashed') await inbox.upload(`exams/${exam}/gen_exam_list_before_cropping.pkl`, list);
      }
      await settle();
      const taken = await take(['numbered', 'dashed', 'other-list']);
      assert.equal(taken.exams, 2);
      assert.match(taken.refused[0]?.reason ?? '', /names 3_L_CC, 3_L_CC_2, but 4_L_CC\.png lies beside it/);
      assert.match(taken.flagged[0] ?? '', /names 2 pictures of L_CC \(3_L_CC, 3_L_CC_2\); one is taken\./);
      const paths = async (exam: string) => {
        const item = await repository.inputs.get(rootOf(await repository.head('main'), 'exams'), exam);
        return item?.files.map(({ path }) => path);
      };
      const own = VIEWS.map(viewFile).sort();
      assert.deepEqual(await paths('numbered'), [...own, 'gen_exam_list.pkl'].sort());
      assert.deepEqual(await paths('dashed'), own);
      assert.deepEqual(
        (await inbox.keys()).filter((key) => !key.includes('other-list')),
        [],
      );
      // The whole exam again, without its list.
      await inbox.uploadViews('numbered');
      await settle();
      const again = await take(['numbered']);
      assert.deepEqual(again.flagged, [
        'Exam numbered had an exam list, and comes without one: its pictures are taken for horizontal_flip NO.',
      ]);
    }));

  it('takes nothing of an exam that was erased', () =>
    withInbox(async ({ repository, s3, inbox, take, settle }) => {
      await inbox.uploadViews('exam-1');
      await inbox.uploadViews('exam-2');
      await settle();
      const versions = (await openInboxItem(repository.store, 'exams', 'exam-1')).map(({ versionId }) => versionId);
      await recordErasure(repository.store, 'exam-1', { author: 'test', versions, sha256: [] });
      const { exams } = await take(['exam-1', 'exam-2']);
      assert.equal(exams, 1);
      assert.deepEqual(await versionsUnder(s3, 'exams/exam-1/'), []);
    }));

  it('takes nothing that came a moment ago, and nothing that is not complete', () =>
    withInbox(async ({ inbox, take, settle }) => {
      await inbox.uploadViews('exam-1', ['L_CC', 'R_CC', 'L_MLO']);
      await settle();
      assert.equal((await take(['exam-1', 'exam-nowhere'])).exams, 0);
      await inbox.uploadViews('exam-1', ['R_MLO']);
      assert.equal((await take(['exam-1'])).exams, 0);
      assert.equal((await inbox.keys()).length, 4);
    }));
});

interface Inbox {
  readonly repository: Repository;
  readonly s3: S3Service;
  readonly inbox: TestInbox;
  take(exams: readonly string[], store?: ObjectStore): Promise<TakenIn>;
  /** Waits until what was uploaded counts as quiet. */
  settle(): Promise<void>;
}

let batches = 0;

const withInbox = (use: (inbox: Inbox) => Promise<void>): Promise<void> =>
  withRepository(async (repository, s3) => {
    const inbox = openInbox(s3);
    try {
      await use({
        repository,
        s3,
        inbox,
        async take(exams, store) {
          batches += 1;
          const after = (await repository.head('main'))?.sequence ?? -1;
          const look = await lookIntoInbox(repository, {
            branch: 'main',
            settings: SETTINGS,
            shown: 9,
            batch: 9,
            seen: {},
          });
          const { seen } = look;
          const request = { branch: 'main', exams, settings: SETTINGS, seen, batch: `batch-${batches}`, after };
          return takeInExams(store === undefined ? repository : openRepository(store), request);
        },
        async settle() {
          for (;;) {
            const look = await lookIntoInbox(repository, {
              branch: 'main',
              settings: SETTINGS,
              shown: 100,
              batch: 100,
            });
            if (look.report.counts.settling === 0) return;
            await new Promise((resolve) => setTimeout(resolve, (look.nextLookMs ?? 0) + 10));
          }
        },
      });
    } finally {
      inbox.close();
    }
  });

const FAULT = new Error('a fault');

/** A store whose request of that number fails: before it is sent, or after the server has done what it asks. */
function failingStore(store: ObjectStore, failing: number, when: 'before' | 'after'): ObjectStore {
  let request = 0;
  const METHODS = ['put', 'copy', 'get', 'head', 'deleteVersions'] as const;
  const wrapped = METHODS.map((name) => {
    const method = store[name].bind(store) as (...args: unknown[]) => Promise<unknown>;
    return [
      name,
      async (...args: unknown[]): Promise<unknown> => {
        const fails = request === failing;
        request += 1;
        if (fails && when === 'before') throw FAULT;
        const result = await method(...args);
        if (fails) throw FAULT;
        return result;
      },
    ];
  });
  return { ...store, ...Object.fromEntries(wrapped) };
}
