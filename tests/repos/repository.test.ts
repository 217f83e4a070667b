import assert from 'node:assert/strict';
import { canonicalJson, type Json } from '../../pipeline/canonical-json.js';
import { type Commit, EMPTY_ROOT, type InputItem } from '../../pipeline/commit.js';
import { type ErrorCode, MammoflowError } from '../../pipeline/errors.js';
import { sha256Hex } from '../../repos/hash.js';
import { branchKey, commitKey } from '../../repos/layout.js';
import type { ObjectStore } from '../../repos/object-store.js';
import { openRepository, type Repository, rootOf } from '../../repos/repository.js';
import { details, storeOf, withRepository } from '../support/repository.js';

const item = (name: string, since = 0): InputItem => ({ name, files: [], since });

/** Commits one item into a repo. */
async function add(repository: Repository, name: string, repo = 'exams', branch = 'main'): Promise<Commit> {
  const commit = await repository.commitOnto(branch, { ...details, message: name }, async (roots, sequence) => ({
    roots: {
      ...roots,
      [repo]: await repository.inputs.edit(rootOf({ roots }, repo), new Map([[name, item(name, sequence)]])),
    },
  }));
  assert.ok(commit);
  return commit;
}

async function namesAt(repository: Repository, commit: Commit | undefined, repo = 'exams'): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of repository.inputs.items(rootOf(commit, repo))) names.push(name);
  return names.sort();
}

async function history(repository: Repository, from: Commit, repo?: string): Promise<Commit[]> {
  const commits: Commit[] = [];
  for await (const commit of repository.log(from, repo)) commits.push(commit);
  return commits;
}

const fails = (promise: Promise<unknown>, code: ErrorCode, message: RegExp) =>
  assert.rejects(promise, (error) => {
    assert.ok(error instanceof MammoflowError, String(error));
    assert.equal(error.code, code);
    assert.match(error.sentence, message);
    return true;
  });

/** Overwrites an object, as a defect or a person could. */
const overwrite = (store: ObjectStore, key: string, text: string) =>
  store.put(key, Buffer.from(text), { sha256: sha256Hex(text) });

describe('committing onto a branch', () => {
  it('keeps the changes of sixteen writers at once, in one chain without gaps', () =>
    withRepository(async (repository, s3) => {
      await add(repository, 'first');
      const writers = Array.from({ length: 16 }, () => openRepository(storeOf(s3)));
      const commits = await Promise.all(writers.map((writer, index) => add(writer, `exam-${index}`)));
      for (const { store } of writers) store.close();

      const head = await repository.head('main');
      assert.ok(head);
      assert.deepEqual(await namesAt(repository, head), ['first', ...commits.map(({ message }) => message)].sort());
      const chain = await history(repository, head);
      assert.deepEqual(
        chain.map(({ sequence }) => sequence),
        Array.from({ length: 17 }, (_, index) => 16 - index),
      );
      assert.deepEqual(new Set(chain.slice(0, 16).map(({ id }) => id)), new Set(commits.map(({ id }) => id)));
      // Every commit adds what its author added and nothing else.
      for (const commit of chain.slice(0, 16)) {
        const before = await namesAt(repository, await repository.parent(commit));
        assert.deepEqual(await namesAt(repository, commit), [...before, commit.message].sort());
      }
    }));

  it('begins an empty branch once, however many begin it', () =>
    withRepository(async (repository) => {
      await Promise.all(['a', 'b', 'c', 'd'].map((name) => add(repository, name)));
      const head = await repository.head('main');
      assert.equal(head?.sequence, 3);
      assert.deepEqual(await namesAt(repository, head), ['a', 'b', 'c', 'd']);
    }));

  it('takes a refused write for a success when the branch has the commit, as after a retried request', () =>
    withRepository(async (repository) => {
      await add(repository, 'before');
      // The first answer gets lost and the request is sent again, while somebody else commits in between.
      let lost = 0;
      const store: ObjectStore = {
        ...repository.store,
        async put(key, body, options) {
          const version = await repository.store.put(key, body, options);
          if (key !== branchKey('main') || version === undefined || lost > 0) return version;
          lost += 1;
          await add(repository, 'between');
          return repository.store.put(key, body, options);
        },
      };
      const commit = await add(openRepository(store), 'retried');
      assert.equal(lost, 1);
      const head = await repository.head('main');
      assert.deepEqual(
        (await history(repository, head as Commit)).map(({ message }) => message),
        ['between', 'retried', 'before'],
      );
      assert.equal(head?.parent, commit.id);
    }));

  it('makes no commit when the change finds nothing to do', () =>
    withRepository(async (repository) => {
      assert.equal(await repository.commitOnto('main', details, async () => undefined), undefined);
      assert.equal(await repository.head('main'), undefined);
      const commit = await add(repository, 'a');
      assert.equal(await repository.commitOnto('main', details, async () => undefined), undefined);
      assert.equal((await repository.head('main'))?.id, commit.id);
    }));

  it('gives each commit the hash of its content as id', () =>
    withRepository(async (repository) => {
      const { id, ...content } = await add(repository, 'a');
      assert.equal(sha256Hex(canonicalJson(content as unknown as Json)), id);
      assert.deepEqual(await repository.commit(id), { id, ...content });
      assert.equal(content.author, 'tester');
      assert.deepEqual(content.roots.exams, { ...content.roots.exams, items: 1, files: 0, bytes: 0 });
    }));

  it('keeps branches apart and lists them', () =>
    withRepository(async (repository) => {
      await add(repository, 'a');
      const trial = await add(repository, 'b', 'exams', 'trial');
      assert.deepEqual(await namesAt(repository, await repository.head('main')), ['a']);
      assert.deepEqual(await namesAt(repository, trial), ['b']);
      const branches: string[] = [];
      for await (const { name } of repository.branches()) branches.push(name);
      assert.deepEqual(branches, ['main', 'trial']);
      const rest: string[] = [];
      for await (const { name } of repository.branches('main')) rest.push(name);
      assert.deepEqual(rest, ['trial'], 'those after one of them');
    }));

  it('is not made a first commit of a branch that somebody deletes meanwhile', () =>
    withRepository(async (repository) => {
      await add(repository, 'a');
      const trial = await add(repository, 'b', 'exams', 'trial');
      const commit = repository.commitOnto('trial', details, async (roots) => {
        if ((await repository.head('trial')) !== undefined) await repository.deleteBranch('trial');
        return { roots: { ...roots, models: rootOf(trial, 'exams') } };
      });
      await fails(commit, 'unknown-reference', /branch trial was deleted while this change was being committed/);
      assert.equal(await repository.head('trial'), undefined);
    }));

  it('shows the whole ones beside one whose object is damaged, which is named', () =>
    withRepository(async (repository) => {
      await add(repository, 'a');
      await add(repository, 'b', 'exams', 'trial');
      await overwrite(repository.store, branchKey('main'), '{"commit":');
      const [whole, damaged]: [string[], string[]] = [[], []];
      for await (const { name } of repository.branches(undefined, (name) => damaged.push(name))) whole.push(name);
      assert.deepEqual([whole, damaged], [['trial'], ['main']]);
    }));

  it('takes no branch name that would leave its folder', () =>
    withRepository(async (repository) => {
      for (const name of ['../main', 'a/b', '', '-x', 'a b']) {
        await fails(add(repository, 'a', 'exams', name), 'invalid-argument', /cannot name a branch: a branch name is/);
      }
    }));
});

describe('a reference', () => {
  it('is a branch, an id, its first eight digits, or n changes before a branch', () =>
    withRepository(async (repository) => {
      const commits: Commit[] = [];
      for (const name of ['a', 'b', 'c']) commits.push(await add(repository, name));
      const [first, second, third] = commits as [Commit, Commit, Commit];
      const resolved = async (reference: string, repo?: string) => (await repository.resolve(reference, repo)).message;
      assert.equal(await resolved('main'), 'c');
      assert.equal(await resolved('main~0'), 'c');
      assert.equal(await resolved('main~1'), 'b');
      assert.equal(await resolved('main~2'), 'a');
      assert.equal(await resolved(first.id), 'a');
      assert.equal(await resolved(second.id.slice(0, 8)), 'b');
      assert.equal(await resolved(`${third.id.slice(0, 12)}~1`), 'b');
    }));

  it('counts only the commits that changed the repo', () =>
    withRepository(async (repository) => {
      await add(repository, 'exam-1');
      await add(repository, 'bundle', 'models');
      await add(repository, 'exam-2');
      await add(repository, 'bundle-2', 'models');
      const at = async (reference: string, repo: string) => (await repository.resolve(reference, repo)).message;
      assert.equal(await at('main~0', 'exams'), 'exam-2');
      assert.equal(await at('main~1', 'exams'), 'exam-1');
      assert.equal(await at('main~1', 'models'), 'bundle');
      const head = (await repository.head('main')) as Commit;
      assert.deepEqual(
        (await history(repository, head, 'models')).map(({ message }) => message),
        ['bundle-2', 'bundle'],
      );
      assert.deepEqual(await history(repository, head, 'pipeline'), []);
    }));

  it('that leads nowhere says what there is instead', () =>
    withRepository(async (repository) => {
      await fails(
        repository.resolve('main'),
        'unknown-reference',
        /Nothing has been committed yet\. Put something first/,
      );
      const commit = await add(repository, 'a');
      await add(repository, 'b', 'exams', 'trial');
      await fails(
        repository.resolve('mian'),
        'unknown-reference',
        /no commit or branch "mian"\. Name a branch \(main, trial\)/,
      );
      await fails(repository.resolve(''), 'unknown-reference', /no commit or branch ""/);
      await fails(repository.resolve('main~x'), 'unknown-reference', /no commit or branch "main~x"/);
      await fails(repository.resolve(commit.id.slice(0, 7)), 'unknown-reference', /at least 8 of its digits/);
      await fails(repository.resolve('0'.repeat(64)), 'unknown-reference', /There is no commit/);
      await fails(
        repository.resolve('main~1'),
        'unknown-reference',
        /main~1 goes back beyond the first commit\. See `mammoflow log`/,
      );
      await fails(
        repository.resolve('trial~4', 'exams'),
        'unknown-reference',
        /beyond the first commit that changed exams\. See `mammoflow log exams@trial`/,
      );
      await fails(
        repository.resolve('main~1', 'croop'),
        'not-found',
        /no repo croop at this commit\. There are exams, models/,
      );
      await fails(repository.commit('f'.repeat(64)), 'unknown-reference', /There is no commit f+\./);
    }));

  it('that fits two commits asks for more digits', () =>
    withRepository(async (repository) => {
      await add(repository, 'a');
      const twins = [`abcdef01${'0'.repeat(56)}`, `abcdef01${'1'.repeat(56)}`];
      for (const id of twins) await overwrite(repository.store, commitKey(id), '{}');
      await fails(repository.resolve('abcdef01'), 'unknown-reference', /beginning of 2 commit ids\. Give more digits/);
    }));
});

describe('damaged bookkeeping', () => {
  it('is reported for a commit that is gone, naming who holds it', () =>
    withRepository(async (repository) => {
      await add(repository, 'a');
      const gone = 'a'.repeat(64);
      await overwrite(repository.store, branchKey('main'), JSON.stringify({ commit: gone }));
      await fails(repository.head('main'), 'missing-object', /Commit a+ is gone.*branch main holds it.*Restore/);
      await fails(add(repository, 'b'), 'missing-object', /is gone/);

      const orphan = {
        schemaVersion: 1,
        parent: gone,
        sequence: 1,
        time: '2026-01-01T00:00:00.000Z',
        ...details,
        roots: {},
      };
      const id = sha256Hex(canonicalJson(orphan as unknown as Json));
      await overwrite(repository.store, commitKey(id), canonicalJson(orphan as unknown as Json));
      await fails(repository.resolve(`${id}~1`), 'missing-object', new RegExp(`is gone.*commit ${id} holds it`));
    }));

  it('is reported for a commit with other content than its id says', () =>
    withRepository(async (repository) => {
      const { id, ...content } = await add(repository, 'a');
      await overwrite(repository.store, commitKey(id), JSON.stringify({ ...content, author: 'somebody else' }));
      await fails(repository.commit(id), 'corrupt-data', /does not have the hash it is stored under/);
      await overwrite(repository.store, commitKey(id), '{"schemaVersion":2}');
      await fails(repository.commit(id), 'corrupt-data', /is damaged or was written by something else/);
      await overwrite(repository.store, branchKey('main'), '"nonsense"');
      await fails(repository.head('main'), 'corrupt-data', /branches\/main\.json is damaged/);
    }));

  it('leaves an empty repo readable', () =>
    withRepository(async (repository) => {
      const commit = await add(repository, 'a');
      assert.deepEqual(rootOf(commit, 'models'), EMPTY_ROOT);
      assert.deepEqual(await namesAt(repository, commit, 'models'), []);
    }));
});
