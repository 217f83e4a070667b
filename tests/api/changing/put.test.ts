import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { put } from '../../../api/changing/put.js';
import { writeGrey16Png } from '../../../imaging/grey16-png.js';
import type { PutOutcome } from '../../../index.js';
import type { Bundle } from '../../../pipeline/bundle.js';
import { MammoflowError } from '../../../pipeline/errors.js';
import { VIEWS, viewFile } from '../../../pipeline/exam.js';
import { readPipeline } from '../../../repos/pipeline-repo.js';
import { type Repository, rootOf } from '../../../repos/repository.js';
import { makePng } from '../../imaging/png-fixtures.js';
import { mammoflow, startCommand } from '../../support/command.js';
import { versionsUnder, withRepository } from '../../support/repository.js';
import { repositoryRoot } from '../../support/shared.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { COMMIT_ONLY, offlineSession } from '../../support/verbs.js';

const PLACEHOLDER = join(repositoryRoot, 'models', 'placeholder', 'bundle');
async function writeExam(folder: string, columns = 6): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const view of VIEWS) await writeFile(join(folder, viewFile(view)), makePng({ rows: 8, columns }));
}

/** The placeholder under another name. */
async function writeBundle(folder: string, name: string, change: (bundle: Bundle) => Bundle = (bundle) => bundle) {
  await cp(PLACEHOLDER, folder, { recursive: true });
  const card = JSON.parse(await readFile(join(PLACEHOLDER, 'model.json'), 'utf8')) as Bundle;
  await writeFile(join(folder, 'model.json'), JSON.stringify(change({ ...card, name })));
}

/** Gives a bundle other bytes, and so other hashes, without changing what its networks compute. */
async function changeNetworks(folder: string, mark: string): Promise<void> {
  const path = join(folder, 'patch.onnx');
  // An unknown field at the end of a protobuf message is skipped by readers: field 1000, bytes.
  const text = Buffer.from(mark);
  const bytes = Buffer.concat([await readFile(path), Buffer.from([0xc2, 0x3e, text.length]), text]);
  await writeFile(path, bytes);
  const card = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as Bundle;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const files = { ...card.files, patch: { ...card.files.patch, sha256 } };
  await writeFile(join(folder, 'model.json'), JSON.stringify({ ...card, files }));
}

const erasAt = async (repository: Repository) => {
  const head = await repository.head('main');
  assert.ok(head);
  return (await readPipeline(repository, head)).eras.map(({ bundle, fromSequence }) => [bundle, fromSequence]);
};

describe('putting exams', () => {
  it('commits what is right, refuses the rest, and says what it left out', () =>
    withTemporaryFolder((folder) =>
      withRepository(async (repository) => {
        for (const name of ['a', 'b', 'bad one']) await writeExam(join(folder, name));
        await rm(join(folder, 'b', 'L_CC.png'));
        await writeFile(join(folder, 'a', 'report.pdf'), '');
        const outcome = await put(offlineSession(repository), {
          repo: 'exams',
          paths: [folder],
          ...COMMIT_ONLY,
          message: 'November',
        });
        assert.deepEqual(outcome.changed, ['a']);
        assert.deepEqual(
          outcome.refused.map((refusal) => ('exam' in refusal ? refusal.exam : '')),
          ['b', 'bad one'],
        );
        assert.deepEqual(outcome.leftOut, [join(folder, 'a', 'report.pdf')]);
        const head = await repository.head('main');
        assert.equal(head?.id, outcome.commit);
        assert.equal(head?.message, 'November');
        assert.deepEqual(head?.by, { kind: 'put' });
      }),
    ));

  it('says when an exam comes again without the list that says how its pictures face', () =>
    withTemporaryFolder((folder) =>
      withRepository(async (repository) => {
        await writeExam(join(folder, 'a'));
        const views = ['L-CC', 'R-CC', 'L-MLO', 'R-MLO'];
        const names = views.map((view) => `V${view}\n(lV${view.replace('-', '_')}\nas`).join('');
        const list = join(folder, 'a', 'gen_exam_list_before_cropping.pkl');
        await writeFile(list, `(lp0\n(dp1\nVhorizontal_flip\nVYES\ns${names}a.`);
        const exams = { repo: 'exams', paths: [folder], ...COMMIT_ONLY };
        assert.equal((await put(offlineSession(repository), exams)).remarks, undefined);
        const item = await repository.inputs.get(rootOf(await repository.head('main'), 'exams'), 'a');
        assert.ok(item?.files.some(({ path }) => path === 'gen_exam_list.pkl'));
        await rm(list);
        assert.deepEqual((await put(offlineSession(repository), exams)).remarks, [
          'Exam a had an exam list, and comes without one: its pictures are taken for horizontal_flip NO.',
        ]);
      }),
    ));

  it('makes up a message when none is given', () =>
    withTemporaryFolder((folder) =>
      withRepository(async (repository) => {
        await writeExam(join(folder, 'a'));
        await put(offlineSession(repository), { repo: 'exams', paths: [folder], ...COMMIT_ONLY });
        assert.equal((await repository.head('main'))?.message, 'Put exam a');
      }),
    ));

  it('makes no commit when everything is there already, and starts the job that may still be due', () =>
    withTemporaryFolder((folder) =>
      withRepository(async (repository) => {
        await put(offlineSession(repository), { repo: 'models', paths: [PLACEHOLDER], ...COMMIT_ONLY });
        await writeExam(join(folder, 'a'));
        const exams = { repo: 'exams', paths: [folder] };
        await put(offlineSession(repository), { ...exams, ...COMMIT_ONLY });
        const { pictures, ...again } = await put(offlineSession(repository), { ...exams, ...COMMIT_ONLY });
        assert.match(pictures?.[0] ?? '', /^exam a will be refused for L_CC: .* \(background-share\)/);
        await assert.rejects(put(offlineSession(repository), exams), /no job should be started/);
        const nothing: PutOutcome = {
          repo: 'exams',
          commit: null,
          job: null,
          changed: [],
          inUse: 'placeholder',
          refused: [],
          leftOut: [],
        };
        assert.deepEqual(again, nothing);
      }),
    ));

  it('commits nothing when every exam is refused', () =>
    withTemporaryFolder((folder) =>
      withRepository(async (repository) => {
        await writeExam(join(folder, 'bad one'));
        const outcome = await put(offlineSession(repository), {
          repo: 'exams',
          paths: [folder],
          branch: 'main',
          process: true,
        });
        assert.equal(outcome.commit, null);
        assert.equal(outcome.refused.length, 1);
        assert.equal(await repository.head('main'), undefined);
      }),
    ));

  it('says that the commit is made when the job cannot be started', () =>
    withTemporaryFolder((folder) =>
      withRepository(async (repository) => {
        await put(offlineSession(repository), { repo: 'models', paths: [PLACEHOLDER], ...COMMIT_ONLY });
        await writeExam(join(folder, 'a'));
        const down = new MammoflowError('service-unavailable', 'Temporal does not answer.', 'See `mammoflow status`.');
        await assert.rejects(
          put(offlineSession(repository, down), { repo: 'exams', paths: [folder], branch: 'main', process: true }),
          (error) => {
            assert.ok(error instanceof MammoflowError);
            assert.equal(error.code, 'service-unavailable');
            assert.match(
              error.sentence,
              /^Commit [0-9a-f]{12} is made, but its job could not be started: Temporal does not answer\. See `mammoflow status`\. Then run `mammoflow process`\.$/,
            );
            return true;
          },
        );
        assert.equal(rootOf(await repository.head('main'), 'exams').items, 1);
      }),
    ));

  it('refuses other repos and options that are not for exams', () =>
    withRepository(async (repository) => {
      const fails = (repo: string, options: object, message: RegExp) =>
        assert.rejects(put(offlineSession(repository), { repo, paths: [PLACEHOLDER], ...COMMIT_ONLY, ...options }), {
          code: 'invalid-argument',
          message,
        });
      await fails('crop', {}, /crop is no repo that takes files/);
      await fails('exams', { for: 'new' }, /--for is for models/);
    }));

  it('leaves the branch as it was when it is killed, and uploads only what is missing the next time', async () => {
    await withTemporaryFolder((folder) =>
      withRepository(async (repository, s3) => {
        await writeExam(join(folder, 'small', 'first'));
        await put(offlineSession(repository), { repo: 'exams', paths: [join(folder, 'small')], ...COMMIT_ONLY });
        const before = await repository.head('main');
        const alreadyThere = (await versionsUnder(s3, 'exams/')).length;

        // Noise does not compress, so that there is time to die in the middle.
        const pixels = Uint16Array.from({ length: 800 * 800 }, () => Math.floor(Math.random() * 65536));
        const png = await writeGrey16Png({ rows: 800, columns: 800, pixels });
        const exams = Array.from({ length: 25 }, (_, index) => join(folder, 'large', `exam-${index}`));
        for (const exam of exams) {
          await mkdir(exam, { recursive: true });
          for (const view of VIEWS) await writeFile(join(exam, viewFile(view)), png);
        }
        const args = ['put', 'exams', join(folder, 'large'), '--no-process', '--json'];
        const child = startCommand(s3, args);
        while ((await versionsUnder(s3, 'exams/')).length < alreadyThere + 10) {
          assert.equal(child.exitCode, null, 'the put ended before it could be killed');
        }
        child.kill('SIGKILL');
        await once(child, 'close');
        assert.equal(child.signalCode, 'SIGKILL');

        const uploaded = await versionsUnder(s3, 'exams/');
        assert.ok(uploaded.length < alreadyThere + 100, 'it was killed too late to show anything');
        assert.deepEqual(await repository.head('main'), before);

        const again = await mammoflow(s3, ...args);
        assert.equal(again.exitCode, 0, again.stderr);
        assert.equal((JSON.parse(again.stdout) as PutOutcome).changed.length, 25);
        const versions = await versionsUnder(s3, 'exams/');
        assert.equal(versions.length, alreadyThere + 100);
        assert.equal(new Set(versions).size, versions.length, 'a file was uploaded twice');
        const head = await repository.head('main');
        assert.equal(head?.parent, before?.id);
        assert.equal(rootOf(head, 'exams').items, 26);
      }),
    );
  });

  it('keeps the exams of two commands that run at once', async () => {
    await withTemporaryFolder((folder) =>
      withRepository(async (repository, s3) => {
        for (const name of ['left/a', 'right/b']) await writeExam(join(folder, name));
        const results = await Promise.all(
          ['left', 'right'].map((side) => mammoflow(s3, 'put', 'exams', join(folder, side), '--no-process')),
        );
        for (const { exitCode, stderr } of results) assert.equal(exitCode, 0, stderr);
        const head = await repository.head('main');
        assert.equal(head?.sequence, 1);
        assert.equal(rootOf(head, 'exams').items, 2);
      }),
    );
  });
});

describe('putting models', () => {
  it('uses the first bundle for all exams and a second one only when told to', () =>
    withTemporaryFolder((folder) =>
      withRepository(async (repository) => {
        const session = offlineSession(repository);
        const first = await put(session, { repo: 'models', paths: [PLACEHOLDER], ...COMMIT_ONLY });
        assert.equal(first.inUse, 'placeholder');
        assert.deepEqual(await erasAt(repository), [['placeholder', 0]]);

        const other = join(folder, 'other');
        await writeBundle(other, 'other');
        await changeNetworks(other, 'other');
        await writeExam(join(folder, 'exams', 'a'));
        await put(session, { repo: 'exams', paths: [join(folder, 'exams')], ...COMMIT_ONLY });
        // No job either, since no result is affected: the session would refuse to start one.
        const second = await put(session, { repo: 'models', paths: [other], branch: 'main', process: true });
        assert.deepEqual([second.changed, second.inUse, second.job], [['other'], 'placeholder', null]);
        assert.deepEqual(await erasAt(repository), [['placeholder', 0]]);

        const third = await put(session, { repo: 'models', paths: [other], ...COMMIT_ONLY, for: 'new' });
        assert.deepEqual([third.changed, third.inUse], [[], 'other']);
        assert.deepEqual(await erasAt(repository), [
          ['placeholder', 0],
          ['other', 3],
        ]);

        // Putting the same again changes nothing, with --for new or without.
        for (const options of [COMMIT_ONLY, { ...COMMIT_ONLY, for: 'new' as const }]) {
          assert.equal((await put(session, { repo: 'models', paths: [other], ...options })).commit, null);
        }
        await put(session, { repo: 'models', paths: [other], ...COMMIT_ONLY, for: 'all' });
        assert.deepEqual(await erasAt(repository), [['other', 0]]);
        assert.equal((await put(session, { repo: 'models', paths: [other], ...COMMIT_ONLY, for: 'all' })).commit, null);

        // New bytes under the name in use replace it for all, without asking.
        await changeNetworks(other, 'better');
        const replaced = await put(session, { repo: 'models', paths: [other], ...COMMIT_ONLY });
        assert.deepEqual(replaced.changed, ['other']);
        assert.deepEqual(await erasAt(repository), [['other', 0]]);
        const head = await repository.head('main');
        assert.ok(head);
        const card = JSON.parse(await readFile(join(other, 'model.json'), 'utf8')) as Bundle;
        const [era] = (await readPipeline(repository, head)).eras;
        assert.equal(era?.models.patch?.file.sha256, card.files.patch.sha256);

        // Only the text of the card changes: the notice follows, and no era begins.
        await writeFile(join(other, 'model.json'), JSON.stringify({ ...card, notice: 'Mind the step.' }));
        await put(session, { repo: 'models', paths: [other], ...COMMIT_ONLY });
        const latest = await repository.head('main');
        assert.ok(latest);
        const [renoticed, ...more] = (await readPipeline(repository, latest)).eras;
        assert.deepEqual(more, []);
        assert.equal(renoticed?.notice, 'Mind the step.');
        assert.equal(renoticed?.digest, era?.digest);
      }),
    ));

  it('uses the first of several bundles, and --for takes only one', () =>
    withTemporaryFolder((folder) =>
      withRepository(async (repository) => {
        for (const name of ['b', 'a']) await writeBundle(join(folder, name), name);
        await assert.rejects(
          put(offlineSession(repository), { repo: 'models', paths: [folder], ...COMMIT_ONLY, for: 'all' }),
          {
            code: 'invalid-argument',
            message: '--for takes one bundle, and there are 2.',
          },
        );
        const outcome = await put(offlineSession(repository), { repo: 'models', paths: [folder], ...COMMIT_ONLY });
        assert.deepEqual([...outcome.changed].sort(), ['a', 'b']);
        assert.deepEqual(await erasAt(repository), [['a', 0]]);
      }),
    ));

  it('refuses a bundle with a wrong hash, without a role or with an impossible name alone', () =>
    withTemporaryFolder((folder) =>
      withRepository(async (repository, s3) => {
        await writeBundle(join(folder, 'good'), 'good');
        await writeBundle(join(folder, 'hash'), 'hash');
        await writeFile(join(folder, 'hash', 'image.onnx'), 'changed');
        await writeBundle(join(folder, 'name'), '../name');
        await writeBundle(join(folder, 'role'), 'role', ({ files: { imageheatmaps: _, ...files }, ...rest }) => {
          return { ...rest, files } as unknown as Bundle;
        });
        await writeBundle(join(folder, 'twin'), 'good');
        const outcome = await put(offlineSession(repository), { repo: 'models', paths: [folder], ...COMMIT_ONLY });
        assert.deepEqual(outcome.changed, ['good']);
        const reasons = [
          /^Bundle hash: image\.onnx has the SHA-256 .* Copy the file again/,
          /^Bundle name: "\.\.\/name" cannot name a bundle\. Use letters/,
          /^Bundle role: model\.json is not valid \(files\.imageheatmaps.*Correct it/,
          /^Bundle twin: Another bundle that is being put is called good too\. Put one of them/,
        ];
        assert.equal(outcome.refused.length, reasons.length);
        for (const [index, pattern] of reasons.entries()) assert.match(outcome.refused[index]?.reason ?? '', pattern);
        assert.ok((await versionsUnder(s3, 'models/')).every((key) => key.startsWith('models/good/')));
      }),
    ));

  it('is an error when the only bundle is refused', () =>
    withTemporaryFolder((folder) =>
      withRepository(async (repository) => {
        await writeBundle(join(folder, 'bad'), 'bad');
        await writeFile(join(folder, 'bad', 'patch.onnx'), '');
        await assert.rejects(put(offlineSession(repository), { repo: 'models', paths: [folder], ...COMMIT_ONLY }), {
          code: 'invalid-bundle',
          message: /^Bundle bad: patch\.onnx has the SHA-256/,
        });
        assert.equal(await repository.head('main'), undefined);
      }),
    ));
});
