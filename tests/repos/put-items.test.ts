import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Commit, OUTCOMES, type OutcomeItem, type StageItem } from '../../pipeline/commit.js';
import { sha256Hex } from '../../repos/hash.js';
import { type ItemToPut, type PutProgress, putItems } from '../../repos/put-items.js';
import { openRepository, type Repository, rootOf } from '../../repos/repository.js';
import { details, storeOf, storeText, versionsUnder, withRepository } from '../support/repository.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

/** Writes small files and describes them as items; `{ a: { 'L_CC.png': 'one' } }` is an exam with one file. */
async function itemsOf(folder: string, contents: Record<string, Record<string, string>>): Promise<ItemToPut[]> {
  return Promise.all(
    Object.entries(contents).map(async ([name, files]) => ({
      name,
      files: await Promise.all(
        Object.entries(files).map(async ([path, text]) => {
          const local = join(folder, sha256Hex(text));
          await writeFile(local, text);
          return { path, local };
        }),
      ),
    })),
  );
}

const putExams = (repository: Repository, items: readonly ItemToPut[], onProgress?: (progress: PutProgress) => void) =>
  putItems(repository, { branch: 'main', repo: 'exams', items, details, ...(onProgress && { onProgress }) });

/** Puts results for exams by hand, as landing would. */
async function giveResults(repository: Repository, exams: readonly string[]): Promise<void> {
  await repository.commitOnto('main', { ...details, by: { kind: 'job', job: 'j' } }, async (roots) => {
    const file = await storeText(repository.store, 'crop', 'x', 'L_CC.png', 'cropped');
    const stage = (name: string): StageItem => ({ name, files: [file], datum: sha256Hex(name), job: 'j' });
    const outcome = (name: string): OutcomeItem => ({
      name,
      files: [],
      wanted: sha256Hex(name),
      graph: 'a'.repeat(64),
      outcome: 'processed',
      bundle: 'b',
      job: 'j',
    });
    const crop = await repository.stages.edit(
      rootOf({ roots }, 'crop'),
      new Map(exams.map((exam) => [exam, stage(exam)])),
    );
    const outcomes = await repository.outcomes.edit(
      rootOf({ roots }, OUTCOMES),
      new Map(exams.map((exam) => [exam, outcome(exam)])),
    );
    return { roots: { ...roots, crop, [OUTCOMES]: outcomes } };
  });
}

async function resultsAt(repository: Repository, commit: Commit): Promise<{ crop: string[]; outcomes: string[] }> {
  const crop: string[] = [];
  const outcomes: string[] = [];
  for await (const { name } of repository.stages.items(rootOf(commit, 'crop'))) crop.push(name);
  for await (const { name } of repository.outcomes.items(rootOf(commit, OUTCOMES))) outcomes.push(name);
  return { crop: crop.sort(), outcomes: outcomes.sort() };
}

describe('putting items', () => {
  it('commits all of them in one commit, with the hashes of their files', () =>
    withTemporaryFolder((folder) =>
      withRepository(async (repository) => {
        const items = await itemsOf(folder, {
          a: { 'R_CC.png': 'two', 'L_CC.png': 'one' },
          b: { 'L_CC.png': 'three' },
        });
        const progress: PutProgress[] = [];
        const { commit, changed } = await putExams(repository, items, (latest) => progress.push(latest));
        assert.deepEqual([...changed].sort(), ['a', 'b']);
        assert.equal(commit?.sequence, 0);
        const a = await repository.inputs.get(rootOf(commit, 'exams'), 'a');
        assert.equal(a?.since, 0);
        assert.deepEqual(
          a?.files.map(({ path, sha256, size }) => ({ path, sha256, size })),
          [
            { path: 'L_CC.png', sha256: sha256Hex('one'), size: 3 },
            { path: 'R_CC.png', sha256: sha256Hex('two'), size: 3 },
          ],
        );
        assert.deepEqual(progress.at(-1), { filesDone: 3, files: 3, bytesUploaded: 11 });
      }),
    ));

  it('makes no commit and uploads nothing when everything is there', () =>
    withTemporaryFolder((folder) =>
      withRepository(async (repository, s3) => {
        const items = await itemsOf(folder, { a: { 'L_CC.png': 'one' } });
        const first = await putExams(repository, items);
        const versions = await versionsUnder(s3, '');
        assert.deepEqual(await putExams(repository, items), { commit: undefined, changed: [] });
        assert.equal((await repository.head('main'))?.id, first.commit?.id);
        assert.deepEqual(await versionsUnder(s3, ''), versions);
      }),
    ));

  it('replaces an item as a whole, and uploads only the files that differ', () =>
    withTemporaryFolder((folder) =>
      withRepository(async (repository, s3) => {
        await putExams(repository, await itemsOf(folder, { a: { x: 'one', y: 'two' }, b: { x: 'three' } }));
        const { commit, changed } = await putExams(
          repository,
          await itemsOf(folder, { a: { x: 'one', z: 'new' }, b: { x: 'three' } }),
        );
        assert.deepEqual(changed, ['a']);
        const a = await repository.inputs.get(rootOf(commit, 'exams'), 'a');
        assert.deepEqual(
          a?.files.map(({ path }) => path),
          ['x', 'z'],
        );
        assert.equal(a?.since, 1);
        assert.equal((await repository.inputs.get(rootOf(commit, 'exams'), 'b'))?.since, 0);
        assert.deepEqual(await versionsUnder(s3, 'exams/'), ['exams/a/x', 'exams/a/y', 'exams/a/z', 'exams/b/x']);
      }),
    ));

  it('takes the results of a changed exam away in the same commit, and of no other', () =>
    withTemporaryFolder((folder) =>
      withRepository(async (repository) => {
        await putExams(repository, await itemsOf(folder, { a: { x: 'one' }, b: { x: 'two' } }));
        await giveResults(repository, ['a', 'b']);
        const changed = await itemsOf(folder, { a: { x: 'other' }, b: { x: 'two' }, c: { x: 'new' } });
        const { commit } = await putExams(repository, changed);
        assert.ok(commit);
        assert.deepEqual(await resultsAt(repository, commit), { crop: ['b'], outcomes: ['b'] });
        const before = await repository.resolve('main~1');
        assert.deepEqual(await resultsAt(repository, before), { crop: ['a', 'b'], outcomes: ['a', 'b'] });
      }),
    ));

  it('begins nothing more after an upload that failed, and has ended when it says so', () =>
    withTemporaryFolder((folder) =>
      withRepository(async (repository, s3) => {
        const names = Array.from({ length: 60 }, (_, index) => `exam-${String(index).padStart(2, '0')}`);
        const items = await itemsOf(folder, Object.fromEntries(names.map((name) => [name, { 'L_CC.png': name }])));
        const [first, ...rest] = items as [ItemToPut, ...ItemToPut[]];
        const gone = { ...first, files: [{ path: 'L_CC.png', local: join(folder, 'gone') }] };
        await assert.rejects(putExams(repository, [gone, ...rest]), /ENOENT/);
        const uploaded = (await versionsUnder(s3, 'exams/')).length;
        assert.ok(uploaded < 40, `${uploaded} were uploaded`);
        await new Promise((resolve) => setTimeout(resolve, 200));
        assert.equal((await versionsUnder(s3, 'exams/')).length, uploaded, 'nothing goes on');
      }),
    ));

  it('keeps what two puts at once have put', () =>
    withTemporaryFolder((folder) =>
      withRepository(async (repository, s3) => {
        const other = openRepository(storeOf(s3));
        const left = await itemsOf(folder, { a: { x: 'one' }, both: { x: 'same' } });
        const right = await itemsOf(folder, { b: { x: 'two' }, both: { x: 'same' } });
        const results = await Promise.all([putExams(repository, left), putExams(other, right)]);
        other.store.close();
        const head = await repository.head('main');
        const names: string[] = [];
        for await (const { name } of repository.inputs.items(rootOf(head, 'exams'))) names.push(name);
        assert.deepEqual(names.sort(), ['a', 'b', 'both']);
        assert.equal(head?.sequence, 1);
        // The exam that both put was added by the first and unchanged for the second.
        const counts = results.map(({ changed }) => changed.length).sort();
        assert.deepEqual(counts, [1, 2]);
      }),
    ));
});
