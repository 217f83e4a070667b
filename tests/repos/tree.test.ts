import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { S3Service } from '../../infra/dev/services.js';
import { EMPTY_ROOT, type FileEntry, type InputItem, inputItemSchema, type TreeRoot } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { sha256Hex } from '../../repos/hash.js';
import { treeKey } from '../../repos/layout.js';
import type { ObjectStore } from '../../repos/object-store.js';
import { openTrees, type TreeStore } from '../../repos/tree.js';
import { storeOf } from '../support/repository.js';
import { freshBucket } from '../support/services.js';

const file = (path: string, content: number): FileEntry => ({
  path,
  key: `exams/x/${path}`,
  versionId: `v${content}`,
  sha256: sha256Hex(String(content)),
  size: content,
  etag: '"e"',
});
const item = (name: string, content: number): InputItem => ({
  name,
  files: [file('L_CC.png', content), ...(content % 2 === 0 ? [file('R_CC.png', content)] : [])],
  since: content,
});
const nameOf = (number: number): string => `exam-${number}`;
const editsOf = (entries: Iterable<readonly [string, InputItem | null]>): Map<string, InputItem | null> =>
  new Map(entries);
const items = (count: number, content = 1): InputItem[] =>
  Array.from({ length: count }, (_, index) => item(nameOf(index), content));
const setting = (list: readonly InputItem[]): Map<string, InputItem | null> =>
  editsOf(list.map((one) => [one.name, one] as const));

async function all<T>(generator: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const one of generator) list.push(one);
  return list;
}
const byName = <T extends { name: string }>(list: readonly T[]): T[] =>
  [...list].sort((a, b) => (a.name < b.name ? -1 : 1));

/** What the counts of a root must be for these items. */
const countsOf = (list: readonly InputItem[]) => ({
  items: list.length,
  files: list.reduce((sum, { files }) => sum + files.length, 0),
  bytes: list.reduce((sum, { files }) => sum + files.reduce((size, entry) => size + entry.size, 0), 0),
});
const withoutTree = ({ items: count, files, bytes }: TreeRoot) => ({ items: count, files, bytes });

/** A change of the model: removals are as likely as edits, over few enough names that both hit. */
const change = fc.record({
  name: fc.nat({ max: 70 }).map(nameOf),
  content: fc.option(fc.nat({ max: 3 }), { nil: null }),
});
/** Batches that fill a tree over the size of a leaf and empty it again. */
const batches = fc.array(fc.array(change, { maxLength: 90 }), { maxLength: 5 });

/** Small, so that a few dozen items make a branch. */
const LEAF_ITEMS = 32;

describe('a tree', () => {
  let s3: S3Service;
  let store: ObjectStore;
  let trees: TreeStore<InputItem>;
  /** Trees as another process sees them: the same bucket, an empty cache, and a count of its requests. */
  const elsewhere = () => {
    const other = storeOf(s3);
    return { other, trees: openTrees<InputItem>(other, inputItemSchema, { leafItems: LEAF_ITEMS }) };
  };

  before(async () => {
    s3 = await freshBucket();
    store = storeOf(s3);
    trees = openTrees<InputItem>(store, inputItemSchema, { leafItems: LEAF_ITEMS });
  });
  after(() => store.close());

  async function apply(
    model: Map<string, InputItem>,
    root: TreeRoot,
    batch: readonly { name: string; content: number | null }[],
  ) {
    const edits = editsOf(
      batch.map(({ name, content }) => [name, content === null ? null : item(name, content)] as const),
    );
    for (const [name, edited] of edits) {
      if (edited === null) model.delete(name);
      else model.set(name, edited);
    }
    return trees.edit(root, edits);
  }

  it('holds, after any sequence of edits, what a map would', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (sequence) => {
        const model = new Map<string, InputItem>();
        let root: TreeRoot = EMPTY_ROOT;
        for (const batch of sequence) {
          root = await apply(model, root, batch);
          const everything = await all(trees.items(root));
          assert.deepEqual(byName(everything), byName([...model.values()]));
          const last = everything[Math.floor(everything.length / 2)];
          const rest = everything.slice(Math.floor(everything.length / 2) + 1);
          if (last !== undefined) assert.deepEqual(await all(trees.items(root, last.name)), rest);
          assert.deepEqual(withoutTree(root), countsOf([...model.values()]));
        }
        const asked = Array.from({ length: 75 }, (_, index) => nameOf(index));
        const many = await trees.getMany(root, asked);
        assert.deepEqual(byName([...many.values()]), byName([...model.values()]));
        for (const name of asked.slice(0, 10)) assert.deepEqual(await trees.get(root, name), model.get(name));
        assert.equal(root.tree === null, model.size === 0);
      }),
      { numRuns: 40 },
    );
  });

  it('has the hash of its content, whatever edits led to it', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (sequence) => {
        const model = new Map<string, InputItem>();
        let root: TreeRoot = EMPTY_ROOT;
        for (const batch of sequence) root = await apply(model, root, batch);
        // At once, and one by one in the opposite order.
        assert.deepEqual(await trees.edit(EMPTY_ROOT, setting([...model.values()])), root);
        let slowly: TreeRoot = EMPTY_ROOT;
        for (const one of [...model.values()].reverse()) slowly = await trees.edit(slowly, setting([one]));
        assert.deepEqual(slowly, root);
      }),
      { numRuns: 15 },
    );
  });

  it('becomes a leaf again when it shrinks, so that nothing tells that it was larger', async () => {
    const few = items(LEAF_ITEMS);
    const leaf = await trees.edit(EMPTY_ROOT, setting(few));
    const grown = await trees.edit(leaf, setting(items(300)));
    const shrunk = await trees.edit(
      grown,
      editsOf(
        items(300)
          .slice(LEAF_ITEMS)
          .map(({ name }) => [name, null] as const),
      ),
    );
    assert.notEqual(grown.tree, leaf.tree);
    assert.deepEqual(shrunk, leaf);
    const emptied = await trees.edit(shrunk, editsOf(few.map(({ name }) => [name, null] as const)));
    assert.deepEqual(emptied, EMPTY_ROOT);
  });

  it('differs from another by exactly what a map would', async () => {
    await fc.assert(
      fc.asyncProperty(batches, batches, async (first, second) => {
        const model = new Map<string, InputItem>();
        let before: TreeRoot = EMPTY_ROOT;
        for (const batch of first) before = await apply(model, before, batch);
        const earlier = new Map(model);
        let after = before;
        for (const batch of second) after = await apply(model, after, batch);
        const expected = [...new Set([...earlier.keys(), ...model.keys()])].sort().flatMap((name) => {
          const [a, b] = [earlier.get(name), model.get(name)];
          if (a?.since === b?.since) return [];
          return [{ name, ...(a && { before: a }), ...(b && { after: b }) }];
        });
        assert.deepEqual(byName(await all(trees.diff(before, after))), expected);
      }),
      { numRuns: 30 },
    );
  });

  const a1 = item('a', 1);
  const a2 = item('a', 2);
  const b1 = item('b', 1);
  const table: [string, InputItem[], InputItem[], string[]][] = [
    ['nothing and nothing', [], [], []],
    ['nothing and one', [], [a1], ['a']],
    ['one and nothing', [a1], [], ['a']],
    ['the same', [a1, b1], [b1, a1], []],
    ['one changed', [a1, b1], [a2, b1], ['a']],
    ['one for another', [a1], [b1], ['a', 'b']],
    ['a leaf and a branch', items(LEAF_ITEMS), items(LEAF_ITEMS + 1), [nameOf(LEAF_ITEMS)]],
    ['a branch and a leaf', items(LEAF_ITEMS + 1), items(LEAF_ITEMS), [nameOf(LEAF_ITEMS)]],
  ];
  for (const [what, left, right, names] of table) {
    it(`diffs ${what}`, async () => {
      const before = await trees.edit(EMPTY_ROOT, setting(left));
      const after = await trees.edit(EMPTY_ROOT, setting(right));
      assert.deepEqual((await all(trees.diff(before, after))).map(({ name }) => name).sort(), names);
    });
  }

  it('costs what changes: one exam among 2,000 takes a few requests, equal subtrees are not opened', async () => {
    const root = await trees.edit(EMPTY_ROOT, setting(items(2_000)));
    const edit = elsewhere();
    const edited = await edit.trees.edit(root, setting([item(nameOf(1_234), 9)]));
    // 2,000 items fill three levels: each node on the path is read once and written once.
    assert.ok(edit.other.requests() <= 8, `${edit.other.requests()} requests to edit one item`);

    const diff = elsewhere();
    const changes = await all(diff.trees.diff(root, edited));
    assert.deepEqual(
      changes.map(({ name }) => name),
      [nameOf(1_234)],
    );
    assert.ok(diff.other.requests() <= 8, `${diff.other.requests()} requests to diff one item`);

    const same = elsewhere();
    assert.deepEqual(await all(same.trees.diff(root, root)), []);
    assert.equal(same.other.requests(), 0);

    const get = elsewhere();
    assert.deepEqual(await get.trees.get(edited, nameOf(1_234)), item(nameOf(1_234), 9));
    assert.ok(get.other.requests() <= 4, `${get.other.requests()} requests to get one item`);
    for (const { other } of [edit, diff, same, get]) other.close();
  });

  it('writes nothing for an edit that changes nothing', async () => {
    const root = await trees.edit(EMPTY_ROOT, setting(items(100)));
    const requests = store.requests();
    assert.deepEqual(await trees.edit(root, setting(items(100))), root);
    assert.deepEqual(await trees.edit(root, editsOf([['not-there', null]])), root);
    assert.equal(store.requests(), requests);
  });

  it('takes no item whose files would lie outside of it, or which is set under another name', async () => {
    const refused = (name: string, wrong: InputItem) =>
      assert.rejects(trees.edit(EMPTY_ROOT, editsOf([[name, wrong]])), (error) => {
        assert.ok(error instanceof MammoflowError);
        assert.equal(error.code, 'invalid-argument');
        return true;
      });
    for (const path of ['../L_CC.png', '/etc/passwd', 'a/../../b', '..', 'a\\..\\b', '', 'a//b', 'a\u0000b']) {
      await refused('a', { ...a1, files: [file(path, 1)] });
    }
    for (const name of ['..', '.', 'a/b', '']) await refused(name, { ...a1, name });
    await refused('b', a1);
  });

  it('that was damaged or removed is reported and not used', async () => {
    const node = { kind: 'leaf', items: [{ ...a1, files: [file('../../escape.png', 1)] }] };
    const put = async (text: string, key: string) => {
      const bytes = Buffer.from(text);
      await store.put(treeKey(key), bytes, { sha256: sha256Hex(bytes) });
    };
    const fails = (tree: string, code: string, message: RegExp) =>
      assert.rejects(trees.get({ tree, items: 1, files: 1, bytes: 1 }, 'a'), (error) => {
        assert.ok(error instanceof MammoflowError);
        assert.equal(error.code, code);
        assert.match(error.sentence, message);
        return true;
      });
    const missing = sha256Hex('missing');
    await fails(missing, 'missing-object', new RegExp(`tree ${missing} is gone.*Restore`));
    await put('{}', sha256Hex('other'));
    await fails(sha256Hex('other'), 'corrupt-data', /does not have the hash/);
    await put('no json', sha256Hex('no json'));
    await fails(sha256Hex('no json'), 'corrupt-data', /it is not JSON/);
    await put(JSON.stringify(node), sha256Hex(JSON.stringify(node)));
    await fails(sha256Hex(JSON.stringify(node)), 'corrupt-data', /items\.0\.files\.0\.path/);
  });
});
