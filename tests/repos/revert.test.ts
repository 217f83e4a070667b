import assert from 'node:assert/strict';
import { type Commit, type InputItem, OUTCOMES, type OutcomeItem } from '../../pipeline/commit.js';
import { EMPTY_PIPELINE, type Era, type PipelineDocument } from '../../pipeline/pipeline-document.js';
import { sha256Hex } from '../../repos/hash.js';
import { branchKey } from '../../repos/layout.js';
import { readPipeline, writePipeline } from '../../repos/pipeline-repo.js';
import { removeItems } from '../../repos/remove-items.js';
import { openRepository, type Repository, rootOf } from '../../repos/repository.js';
import { revertRepo } from '../../repos/revert.js';
import { details, storeText, withRepository } from '../support/repository.js';

/** Commits exams with one file each, and an outcome for every one of them. */
async function putExams(repository: Repository, texts: Record<string, string>, branch = 'main'): Promise<Commit> {
  const commit = await repository.commitOnto(branch, details, async (roots, sequence) => {
    const exams = new Map<string, InputItem>();
    const outcomes = new Map<string, OutcomeItem>();
    for (const [name, text] of Object.entries(texts)) {
      const file = await storeText(repository.store, 'exams', name, 'L_CC.png', text);
      exams.set(name, { name, files: [file], since: sequence });
      outcomes.set(name, outcome(name, text));
    }
    return {
      roots: {
        ...roots,
        exams: await repository.inputs.edit(rootOf({ roots }, 'exams'), exams),
        [OUTCOMES]: await repository.outcomes.edit(rootOf({ roots }, OUTCOMES), outcomes),
      },
    };
  });
  assert.ok(commit);
  return commit;
}

const outcome = (name: string, text: string): OutcomeItem => ({
  name,
  files: [],
  wanted: sha256Hex(text),
  graph: 'a'.repeat(64),
  outcome: 'processed',
  bundle: 'b',
  job: 'j',
});

const era = (bundle: string, fromSequence: number): Era => ({
  bundle,
  fromSequence,
  digest: sha256Hex(bundle),
  models: {},
});

async function putPipeline(repository: Repository, document: Partial<PipelineDocument>, model?: string) {
  const commit = await repository.commitOnto('main', details, async (roots, sequence) => {
    const next = { ...(await readPipeline(repository, { roots })), ...document };
    const models = new Map<string, InputItem>();
    if (model !== undefined) models.set(model, { name: model, files: [], since: sequence });
    return {
      roots: {
        ...roots,
        pipeline: await writePipeline(repository, rootOf({ roots }, 'pipeline'), next, sequence),
        models: await repository.inputs.edit(rootOf({ roots }, 'models'), models),
      },
    };
  });
  assert.ok(commit);
  return commit;
}

async function outcomesAt(repository: Repository, commit: Commit | undefined): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of repository.outcomes.items(rootOf(commit, OUTCOMES))) names.push(name);
  return names.sort();
}

const revert = (repository: Repository, repo: 'exams' | 'models' | 'pipeline', to: Commit) =>
  revertRepo(repository, { branch: 'main', repo, to, details: { ...details, by: { kind: 'revert' } } });

describe('reverting a repo', () => {
  it('commits the tree of old, and takes results away from exams whose files differ and from no other', () =>
    withRepository(async (repository) => {
      const first = await putExams(repository, { same: '1', changed: '2', removed: '3' });
      await putExams(repository, { changed: 'other', added: '4' });
      await removeItems(repository, { branch: 'main', repo: 'exams', names: ['removed'], details });
      const { commit, changed } = await revert(repository, 'exams', first);
      assert.deepEqual([...changed].sort(), ['added', 'changed', 'removed']);
      assert.deepEqual(rootOf(commit, 'exams'), rootOf(first, 'exams'));
      assert.deepEqual(await outcomesAt(repository, commit), ['same']);
      assert.equal(commit?.sequence, 3);
      assert.deepEqual(commit?.by, { kind: 'revert' });
    }));

  it('makes no commit when the repo is as it was', () =>
    withRepository(async (repository) => {
      const first = await putExams(repository, { a: '1' });
      const second = await putPipeline(repository, { eras: [era('A', 0)] });
      assert.deepEqual(await revert(repository, 'exams', first), { commit: undefined, changed: [] });
      assert.equal((await repository.head('main'))?.id, second.id);
    }));

  it('brings back with models which of them applies, and leaves exams and parameters as they are', () =>
    withRepository(async (repository) => {
      await putExams(repository, { a: '1' });
      const withA = await putPipeline(repository, { eras: [era('A', 0)] }, 'A');
      await putPipeline(repository, { eras: [era('A', 0), era('B', 2)] }, 'B');
      const stages = { classify: { parameters: { passes: 3 } } };
      const before = await putPipeline(repository, { stages });
      const { commit, changed } = await revert(repository, 'models', withA);
      assert.ok(commit);
      // The bundle B of this test has no files.
      assert.deepEqual(changed, []);
      assert.deepEqual(rootOf(commit, 'models'), rootOf(withA, 'models'));
      assert.deepEqual(await readPipeline(repository, commit), { ...EMPTY_PIPELINE, eras: [era('A', 0)], stages });
      assert.deepEqual(rootOf(commit, 'exams'), rootOf(before, 'exams'));
      assert.deepEqual(await outcomesAt(repository, commit), ['a']);
    }));

  it('brings back the whole pipeline with pipeline', () =>
    withRepository(async (repository) => {
      const first = await putPipeline(repository, { stages: { classify: { parameters: { passes: 3 } } } });
      await putPipeline(repository, { eras: [era('A', 1)], stages: {} }, 'A');
      const { commit } = await revert(repository, 'pipeline', first);
      assert.deepEqual(rootOf(commit, 'pipeline'), rootOf(first, 'pipeline'));
      assert.equal(rootOf(commit, 'models').items, 1);
    }));

  it('refuses a commit of another history, and commits nothing', () =>
    withRepository(async (repository) => {
      const first = await putExams(repository, { a: '1' });
      await repository.createBranch('trial', first);
      const elsewhere = await putExams(repository, { a: '2' }, 'trial');
      await assert.rejects(revert(repository, 'exams', elsewhere), {
        code: 'invalid-argument',
        message: `Commit ${elsewhere.id.slice(0, 12)} is not in the history of the branch main.`,
      });
      assert.equal((await repository.head('main'))?.id, first.id);
    }));
});

describe('removing items', () => {
  it('removes none when one of them is not there, and names those', () =>
    withRepository(async (repository) => {
      const first = await putExams(repository, { a: '1', b: '2' });
      await assert.rejects(
        removeItems(repository, { branch: 'main', repo: 'exams', names: ['a', 'x', 'y'], details }),
        { code: 'not-found', message: 'exams on main has no x, y, so nothing was removed.' },
      );
      assert.equal((await repository.head('main'))?.id, first.id);
    }));

  it('takes their results away in the same commit, and leaves earlier commits as they are', () =>
    withRepository(async (repository) => {
      const first = await putExams(repository, { a: '1', b: '2' });
      const commit = await removeItems(repository, { branch: 'main', repo: 'exams', names: ['a'], details });
      assert.equal(rootOf(commit, 'exams').items, 1);
      assert.deepEqual(await outcomesAt(repository, commit), ['b']);
      assert.deepEqual(await outcomesAt(repository, first), ['a', 'b']);
    }));
});

describe('branches', () => {
  it('begin at a commit, move and end, and a deleted one can begin again', () =>
    withRepository(async (repository) => {
      const first = await putExams(repository, { a: '1' });
      const second = await putExams(repository, { b: '2' });
      const names = async () => {
        const found: string[] = [];
        for await (const { name, commit } of repository.branches()) found.push(`${name} ${commit}`);
        return found;
      };
      await repository.createBranch('trial', first);
      await assert.rejects(repository.createBranch('trial', second), {
        code: 'invalid-argument',
        message: 'There is a branch trial already.',
      });
      assert.equal(await repository.moveBranch('trial', second), first.id);
      assert.deepEqual(await names(), [`main ${second.id}`, `trial ${second.id}`]);
      assert.equal(await repository.deleteBranch('trial'), second.id);
      assert.deepEqual(await names(), [`main ${second.id}`]);
      assert.equal(await repository.head('trial'), undefined);
      for (const use of [() => repository.deleteBranch('trial'), () => repository.moveBranch('trial', first)]) {
        await assert.rejects(use, { code: 'unknown-reference', message: 'There is no branch trial.' });
      }
      await repository.createBranch('trial', first);
      assert.equal((await repository.head('trial'))?.id, first.id);
      // As when whoever deleted it died half-way: the pointers are hidden, and still there.
      await repository.store.delete(branchKey('trial'));
      await repository.createBranch('trial', second);
      assert.equal((await repository.head('trial'))?.id, second.id);
      await assert.rejects(repository.deleteBranch('main'), { code: 'invalid-argument' });
    }));

  it('are not moved over a commit that somebody else made meanwhile', () =>
    withRepository(async (repository) => {
      const first = await putExams(repository, { a: '1' });
      await putExams(repository, { b: '2' });
      const { store } = repository;
      let between: Commit | undefined;
      const slow = openRepository({
        ...store,
        async put(key, body, options) {
          between ??= await putExams(repository, { c: '3' });
          return store.put(key, body, options);
        },
      });
      await assert.rejects(slow.moveBranch('main', first), { code: 'branch-moved' });
      assert.equal((await repository.head('main'))?.id, between?.id);
    }));
});
