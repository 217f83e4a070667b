import assert from 'node:assert/strict';
import type { S3Service } from '../../infra/dev/services.js';
import { EMPTY_ROOT, type InputItem, inputItemSchema, type TreeRoot } from '../../pipeline/commit.js';
import { sha256Hex } from '../../repos/hash.js';
import { leafPackKey, leafPacksPrefix, treeKey } from '../../repos/layout.js';
import { openLeafPacks, packsOfItem } from '../../repos/leaf-packs.js';
import type { ObjectStore } from '../../repos/object-store.js';
import { openTrees, type TreeStore } from '../../repos/tree.js';
import { storeOf } from '../support/repository.js';
import { freshBucket } from '../support/services.js';

const EXAMS = 400;
const nameOf = (index: number): string => `exam-${index}`;
const item = (index: number, content = 'a'): InputItem => ({
  name: nameOf(index),
  files: [
    {
      path: 'L_CC.png',
      key: `exams/${nameOf(index)}/L_CC.png`,
      versionId: 'v1',
      sha256: sha256Hex(content),
      size: 3,
      etag: 'e',
    },
  ],
  since: 1,
});
const changesOf = (items: readonly InputItem[]): Map<string, InputItem> => new Map(items.map((i) => [i.name, i]));

describe('packs of leaves', () => {
  let s3: S3Service;
  let store: ObjectStore;
  let root: TreeRoot;
  /** Trees as another process sees them: an empty cache, and a count of its requests. */
  const elsewhere = (): { other: ObjectStore; trees: TreeStore<InputItem> } => {
    const other = storeOf(s3);
    return { other, trees: openTrees(other, inputItemSchema, { leafItems: 8, packs: openLeafPacks(other, 'inputs') }) };
  };
  const walked = async (trees: TreeStore<InputItem>, from: TreeRoot): Promise<string[]> => {
    const names: string[] = [];
    for await (const { name } of trees.walk(from)) names.push(name);
    return names;
  };
  const listed = async (trees: TreeStore<InputItem>, from: TreeRoot): Promise<string[]> => {
    const names: string[] = [];
    for await (const { name } of trees.items(from)) names.push(name);
    return names;
  };

  before(async () => {
    s3 = await freshBucket();
    store = storeOf(s3);
    root = await elsewhere().trees.edit(EMPTY_ROOT, changesOf(Array.from({ length: EXAMS }, (_, i) => item(i))));
  });
  after(() => store.close());

  it('let a walk go through the same items in the same order with a fraction of the requests', async () => {
    const [one, many] = [elsewhere(), elsewhere()];
    const expected = await listed(one.trees, root);
    assert.equal(expected.length, EXAMS);
    assert.deepEqual(await walked(many.trees, root), expected);
    assert.ok(many.other.requests() * 4 < one.other.requests(), `${many.other.requests()} of ${one.other.requests()}`);
  });

  it('let one who walks another tree read what belongs to its items from them', async () => {
    const { other, trees } = elsewhere();
    const names = await listed(elsewhere().trees, root);
    for (let start = 0; start < names.length; start += 10) {
      const found = await trees.getMany(root, names.slice(start, start + 10), true);
      assert.equal(found.size, 10);
    }
    assert.ok(other.requests() < 60, String(other.requests()));
  });

  it('are of no consequence when they are old, damaged, those of another tree, or gone', async () => {
    const { trees } = elsewhere();
    const later = await trees.edit(root, changesOf([item(3, 'b'), item(EXAMS)]));
    const expected = await listed(elsewhere().trees, later);
    assert.equal(expected.length, EXAMS + 1);
    assert.deepEqual(await walked(elsewhere().trees, later), expected, 'old');
    const [digit] = sha256Hex(nameOf(0));
    const key = leafPackKey('inputs', digit as string);
    await store.put(key, Buffer.from('{"kind":"leaf"\nwhat'), { sha256: sha256Hex('{"kind":"leaf"\nwhat') });
    assert.deepEqual(await walked(elsewhere().trees, later), expected, 'damaged');
    const packs: { key: string }[] = [];
    for await (const version of store.list(leafPacksPrefix)) packs.push(version);
    assert.ok(packs.length >= 16, String(packs.length));
    for await (const version of store.listVersions(leafPacksPrefix)) await store.deleteVersions([version]);
    assert.deepEqual(await walked(elsewhere().trees, later), expected, 'gone');
    const again = elsewhere();
    assert.deepEqual(await walked(again.trees, later), expected, 'kept again');
    assert.ok(again.other.requests() < 60, String(again.other.requests()));
  });

  it('say nothing of a leaf that nobody can read, which is then missed in its turn', async () => {
    const { trees } = elsewhere();
    const lonely = await trees.edit(EMPTY_ROOT, changesOf(Array.from({ length: 12 }, (_, i) => item(i, 'c'))));
    const names = await listed(trees, lonely);
    for await (const version of store.listVersions(leafPacksPrefix)) await store.deleteVersions([version]);
    const first = (await trees.getMany(lonely, [names[0] as string])).values().next().value as InputItem;
    const leaf = await findLeaf(store, lonely, first.name);
    for await (const version of store.listVersions(treeKey(leaf))) await store.deleteVersions([version]);
    await assert.rejects(walked(elsewhere().trees, lonely), { code: 'missing-object' });
  });

  it('are found for an item that is erased', async () => {
    await elsewhere().trees.edit(EMPTY_ROOT, changesOf(Array.from({ length: EXAMS }, (_, i) => item(i, 'd'))));
    const keys = new Set<string>();
    for await (const { key } of packsOfItem(store, nameOf(7))) keys.add(key);
    assert.ok(keys.size > 0);
    for await (const { key } of store.list(leafPacksPrefix)) {
      const text = Buffer.from((await store.get(key))?.bytes ?? []).toString();
      assert.equal(keys.has(key), text.includes(`"${nameOf(7)}"`), key);
    }
  });
});

/** The hash of the leaf that has an item. */
async function findLeaf(store: ObjectStore, root: TreeRoot, name: string): Promise<string> {
  let tree = root.tree as string;
  for (let depth = 0; ; depth += 1) {
    const node = JSON.parse(Buffer.from((await store.get(treeKey(tree)))?.bytes ?? []).toString());
    if (node.kind === 'leaf') return tree;
    tree = node.children[sha256Hex(name).charAt(depth)].tree;
  }
}
