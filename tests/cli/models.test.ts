import assert from 'node:assert/strict';
import { join } from 'node:path';
import { put } from '../../api/changing/put.js';
import { remove } from '../../api/changing/remove.js';
import { useBundle } from '../../api/changing/use-bundle.js';
import { writePlaceholderBundle } from '../../models/placeholder/placeholder-bundle.js';
import { readPipeline } from '../../repos/pipeline-repo.js';
import { type Repository, rootOf } from '../../repos/repository.js';
import { mammoflow } from '../support/command.js';
import { withRepository } from '../support/repository.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';
import { COMMIT_ONLY, failureOf, jsonOf, offlineSession, putTinyExams, textOf } from '../support/verbs.js';

async function putBundle(repository: Repository, name: string, seed: number): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    await writePlaceholderBundle(join(folder, name), { name, seeds: { image: seed } });
    await put(offlineSession(repository), { repo: 'models', paths: [join(folder, name)], ...COMMIT_ONLY });
  });
}

const erasAt = async (repository: Repository) => {
  const head = await repository.head('main');
  assert.ok(head);
  return (await readPipeline(repository, head)).eras.map(({ bundle, fromSequence }) => [bundle, fromSequence]);
};

describe('mammoflow models', () => {
  it('chooses a bundle for new or for all exams in one small commit, whatever the number of exams', () =>
    withRepository(async (repository) => {
      await putTinyExams(repository, ['a', 'b']);
      await putBundle(repository, 'other', 12);
      const use = (bundle: string, exams: 'all' | 'new') =>
        useBundle(offlineSession(repository), { bundle: bundle, ...COMMIT_ONLY, for: exams });
      const before = await repository.head('main');
      const { commit } = await use('other', 'new');
      const head = await repository.head('main');
      assert.equal(head?.id, commit);
      assert.deepEqual(head?.by, { kind: 'models' });
      assert.deepEqual(await erasAt(repository), [
        ['placeholder', 0],
        ['other', 3],
      ]);
      for (const repo of ['exams', 'models']) assert.deepEqual(rootOf(head, repo), rootOf(before, repo), repo);
      assert.equal((await use('other', 'new')).commit, null, 'the same choice again begins no era');
      await use('other', 'all');
      assert.deepEqual(await erasAt(repository), [['other', 0]]);
      assert.equal((await use('other', 'all')).commit, null);
    }));

  it('uses a bundle as it was at an earlier commit', () =>
    withRepository(async (repository) => {
      await putTinyExams(repository, ['a']);
      const digest = async () => {
        const head = await repository.head('main');
        assert.ok(head);
        return (await readPipeline(repository, head)).eras.at(-1)?.digest;
      };
      const first = await digest();
      await putBundle(repository, 'placeholder', 12);
      assert.notEqual(await digest(), first);
      await useBundle(offlineSession(repository), { bundle: 'placeholder@main~1', ...COMMIT_ONLY, for: 'all' });
      assert.equal(await digest(), first);
    }));

  it('lists bundles with what they are used for, also one that was removed, and shows one', () =>
    withRepository(async (repository, s3) => {
      await putTinyExams(repository, ['a']);
      await putBundle(repository, 'other', 12);
      await useBundle(offlineSession(repository), { bundle: 'other', ...COMMIT_ONLY, for: 'new' });
      type Row = { bundle: string; state: string; current: boolean; sequence: number | null; uses: object[] };
      const rows = await jsonOf<Row[]>(s3, 'models', 'list');
      assert.deepEqual(
        rows.map(({ bundle, state, current, sequence, uses }) => ({ bundle, state, current, sequence, uses })),
        [
          { bundle: 'other', state: 'present', current: true, sequence: 2, uses: [{ fromSequence: 3 }] },
          {
            bundle: 'placeholder',
            state: 'present',
            current: false,
            sequence: 0,
            uses: [{ fromSequence: 0, untilSequence: 3 }],
          },
        ],
      );
      const { stillUsed } = await remove(offlineSession(repository), {
        repo: 'models',
        names: ['placeholder'],
        ...COMMIT_ONLY,
      });
      assert.deepEqual(stillUsed, ['placeholder']);
      const text = await textOf(s3, 'models', 'list');
      assert.match(text, /^placeholder \(removed since\) +exams before commit 3$/m);
      assert.match(text, /^other +[0-9a-f]{12} .* new exams, from commit 3$/m);
      const shown = await textOf(s3, 'models', 'show', 'placeholder@main~1');
      assert.match(shown, /^notice +Untrained placeholder/m);
      assert.match(shown, /^patch +patch\.onnx, SHA-256 [0-9a-f]{64}$/m);
    }));

  it('says which bundles there are when one is unknown, and asks which exams a choice is for', () =>
    withRepository(async (repository, s3) => {
      await putTinyExams(repository, ['a']);
      const before = await repository.head('main');
      const unknown = 'error: There is no bundle nyu at main. There are placeholder; put others with `mammoflow put';
      assert.ok((await failureOf(s3, 'models', 'use', 'nyu', '--for', 'all')).startsWith(unknown));
      assert.ok((await failureOf(s3, 'models', 'show', 'nyu')).startsWith(unknown));
      const { exitCode, stderr } = await mammoflow(s3, 'models', 'use', 'placeholder');
      assert.equal(exitCode, 1);
      assert.match(stderr, /--for <exams>' not specified/);
      assert.deepEqual(await repository.head('main'), before);
    }));
});
