import { LRUCache } from 'lru-cache';
import pLimit from 'p-limit';
import { z } from 'zod';
import { sha256Schema } from '../pipeline/bundle.js';
import { canonicalJson, type Json } from '../pipeline/canonical-json.js';
import { EMPTY_ROOT, type TreeItem, type TreeRoot } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { sha256Hex } from './hash.js';
import { parseJson, storeUnderHash } from './json-objects.js';
import { treeKey } from './layout.js';
import type { LeafPacks } from './leaf-packs.js';
import type { ObjectStore } from './object-store.js';

/*
 * A tree is a trie over the SHA-256 of the item's name, one hexadecimal digit a level. A subtree of at most LEAF_ITEMS
 * items is one leaf, a larger one is a branch:
 *
 *             branch {0: …, 1: …, …, f: …}            depth 0: 1st digit
 *            /                            \
 *     leaf [exam-17, exam-3]        branch {0: …, …}   depth 1: 2nd digit
 *
 * Whether a subtree is a leaf depends on its content alone, so equal content has equal hashes whatever the order of
 * edits. Nodes are stored under their own hash and shared by all commits that have them: an edit writes the nodes on
 * the paths to what changed, and a diff opens only subtrees whose hashes differ.
 */
/**
 * Leaves of 8 to 128 items at any size of a repo: small enough to be rewritten for one exam, large enough that a commit of
 * thousands writes hundreds of nodes and not thousands.
 */
const LEAF_ITEMS = 128;
const DIGITS = '0123456789abcdef';

const childSchema = z.strictObject({
  tree: sha256Schema,
  items: z.number().int().positive(),
  files: z.number().int().nonnegative(),
  bytes: z.number().int().nonnegative(),
});

interface Leaf<Item extends TreeItem> {
  readonly kind: 'leaf';
  readonly items: readonly Item[];
}
interface Branch {
  readonly kind: 'branch';
  readonly children: Readonly<Record<string, TreeRoot>>;
}
type Node<Item extends TreeItem> = Leaf<Item> | Branch;

/** Items that differ between two trees; `before` or `after` is missing where the item is. */
export interface TreeChange<Item extends TreeItem> {
  readonly name: string;
  readonly before?: Item;
  readonly after?: Item;
}

/** Trees of one repo: items of one kind, checked as they are read. */
export interface TreeStore<Item extends TreeItem> {
  /** The item of that name, opening only the nodes on its path. */
  get(root: TreeRoot, name: string): Promise<Item | undefined>;
  /**
   * Several items at once, each node opened once.
   * @param walking the caller goes through the names of another tree in its order, so that neighbouring leaves come next.
   */
  getMany(root: TreeRoot, names: Iterable<string>, walking?: boolean): Promise<Map<string, Item>>;
  /**
   * All items in the order of the tree: leaves by the hash of their names, in a leaf by name. With `after`, those that
   * follow an item of that name; only the nodes from there on are opened. The order is that of one root.
   */
  items(root: TreeRoot, after?: string): AsyncGenerator<Item>;
  /** As `items`, for one who goes through all of them: leaves are opened many at once. */
  walk(root: TreeRoot): AsyncGenerator<Item>;
  /**
   * The tree with items set, or removed where the value is null. Costs what changes.
   * @throws MammoflowError `invalid-argument` for an item that is not of this repo's kind or is set under another's name.
   */
  edit(root: TreeRoot, changes: ReadonlyMap<string, Item | null>): Promise<TreeRoot>;
  /** What differs from `before` to `after`; equal subtrees are not opened. */
  diff(before: TreeRoot, after: TreeRoot): AsyncGenerator<TreeChange<Item>>;
}

/** Nodes kept in memory; immutable, so never stale. A leaf has 8 to 128 exams, of about 1 kB each. */
const CACHED_NODES = 1_000;
/**
 * A node that was seen in the bucket this long ago is written again all the same: nothing may refer to it, and `gc` may
 * have freed it.
 */
export const STORED_FOR_MS = 5_000;
/** Node reads and writes under way at once in one edit. */
const CONCURRENCY = 16;
/** Nodes read ahead of one whose items are gone through. */
const READ_AHEAD = 2;
/** Fewer leaves are opened one by one. */
const LEAVES_WORTH_A_PACK = 4;
/** Subtrees that are made of more than so many leaves' worth of items are packed when they are made. */
const PACKED_LEAVES = 2;

const pathOf = (name: string): string => sha256Hex(name);
const toEntry = (item: TreeItem): Json => item as unknown as Json;

/** A node that is stored, and its text. */
interface Saved {
  readonly root: TreeRoot;
  readonly text: string;
}

/** A subtree that is stored, or one that exists only as items because a leaf was split to meet a branch. */
type Subtree<Item extends TreeItem> = { root: TreeRoot } | { items: readonly Item[] };

export interface TreeOptions {
  /**
   * The size above which a leaf becomes a branch. It is part of the format: all trees of a bucket have the same; only
   * tests, which want branches without thousands of items, give another.
   */
  readonly leafItems?: number;
  /** Where leaves are kept once more, for trees that are gone through as a whole. */
  readonly packs?: LeafPacks;
}

/** Opens the trees of one kind of item. */
export function openTrees<Item extends TreeItem>(
  store: ObjectStore,
  itemSchema: z.ZodType<Item>,
  { leafItems = LEAF_ITEMS, packs }: TreeOptions = {},
): TreeStore<Item> {
  const nodeSchema = z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('leaf'), items: z.array(itemSchema).min(1).max(leafItems) }),
    z.strictObject({ kind: z.literal('branch'), children: z.record(z.string().regex(/^[0-9a-f]$/), childSchema) }),
  ]);
  const cache = new LRUCache<string, Node<Item>>({ max: CACHED_NODES });
  const stored = new LRUCache<string, true>({ max: CACHED_NODES, ttl: STORED_FOR_MS });
  const limit = pLimit(CONCURRENCY);

  const loading = new Map<string, Promise<Node<Item>>>();
  async function load({ tree }: TreeRoot): Promise<Node<Item> | undefined> {
    if (tree === null) return undefined;
    const known = cache.get(tree) ?? loading.get(tree);
    if (known !== undefined) return known;
    const reading = read(tree).finally(() => loading.delete(tree));
    loading.set(tree, reading);
    return reading;
  }

  async function read(tree: string): Promise<Node<Item>> {
    const key = treeKey(tree);
    const object = await limit(() => store.get(key));
    if (object === undefined) {
      throw new MammoflowError(
        'missing-object',
        `The tree ${tree} is gone from the bucket, so the commits that hold it cannot be read.`,
        `Restore ${key} from the bucket's earlier versions or from a backup.`,
      );
    }
    if (sha256Hex(object.bytes) !== tree) {
      throw new MammoflowError('corrupt-data', `The tree ${tree} does not have the hash it is stored under.`);
    }
    stored.set(tree, true);
    return remember(tree, object.bytes);
  }

  function remember(tree: string, bytes: Uint8Array): Node<Item> {
    const node = parseJson(treeKey(tree), bytes, nodeSchema) as Node<Item>;
    cache.set(tree, node);
    return node;
  }

  const opening = new Map<string, Promise<void>>();
  /**
   * Has the leaves under a branch in memory, if it has nothing else under it: those that a pack holds with one request, the
   * others one by one. If those are most of them, the pack is made anew.
   */
  async function openLeaves({ tree }: TreeRoot, path: string): Promise<void> {
    const node = tree === null ? undefined : await load({ tree } as TreeRoot);
    if (tree === null || node?.kind !== 'branch' || packs === undefined || !holdsLeaves(node)) return;
    const leaves = Object.values(node.children).map((child) => child.tree as string);
    const missing = leaves.filter((leaf) => !cache.has(leaf));
    if (missing.length < LEAVES_WORTH_A_PACK) return;
    const open = async (): Promise<void> => {
      const packed = await limit(() => packs.read(path));
      const unpacked = missing.filter((leaf) => !packed.has(leaf));
      for (const leaf of missing) {
        const bytes = packed.get(leaf);
        if (bytes !== undefined) remember(leaf, bytes);
      }
      // What cannot be read is said when it comes to it.
      await Promise.all(unpacked.map((leaf) => load({ tree: leaf } as TreeRoot).catch(() => undefined)));
      if (2 * unpacked.length <= leaves.length) return;
      const texts = leaves
        .flatMap((leaf) => cache.get(leaf) ?? [])
        .map((known) => canonicalJson(known as unknown as Json));
      if (texts.length === leaves.length) await limit(() => packs.keep(path, texts));
    };
    const known = opening.get(tree) ?? open().finally(() => opening.delete(tree));
    opening.set(tree, known);
    await known;
  }

  const holdsLeaves = ({ children }: Branch): boolean =>
    Object.values(children).every(({ items }) => items <= leafItems);

  /** One wrong item would make its whole leaf unreadable later, so it is found before it is written. */
  function checkItem(name: string, item: Item): void {
    const result = itemSchema.safeParse(item);
    if (result.success && item.name === name) return;
    const issue = result.error?.issues[0];
    const why = issue === undefined ? `its name is ${item.name}` : `${issue.path.join('.')}: ${issue.message}`;
    throw new MammoflowError('invalid-argument', `${name} cannot be committed (${why}).`);
  }

  async function save(node: Node<Item>): Promise<Saved> {
    const text = canonicalJson(node as unknown as Json);
    const tree = sha256Hex(text);
    const counts = countsOf(node);
    const root = { tree, ...counts };
    if (stored.has(tree)) return { root, text };
    const bytes = Buffer.from(text);
    // A condition, so that storing the same node again does not add a version; losing means it is there already.
    await limit(() => storeUnderHash(store, treeKey(tree), bytes, tree));
    cache.set(tree, node);
    stored.set(tree, true);
    return { root, text };
  }

  /** Stores a set of items as the canonical subtree under a path. */
  async function build(items: readonly Item[], path: string): Promise<TreeRoot> {
    return items.length === 0 ? EMPTY_ROOT : (await buildNode(items, path)).root;
  }

  async function buildNode(items: readonly Item[], path: string): Promise<Saved> {
    if (items.length <= leafItems) {
      return save({ kind: 'leaf', items: [...items].sort((a, b) => (a.name < b.name ? -1 : 1)) });
    }
    const groups = groupBy(items, (item) => pathOf(item.name).charAt(path.length));
    const children = await Promise.all(
      [...groups].map(async ([digit, group]) => [digit, await buildNode(group, path + digit)] as const),
    );
    const branch: Branch = {
      kind: 'branch',
      children: Object.fromEntries(children.map(([digit, { root }]) => [digit, root])),
    };
    if (packs !== undefined && items.length > PACKED_LEAVES * leafItems && holdsLeaves(branch)) {
      await limit(() =>
        packs.keep(
          path,
          children.map(([, { text }]) => text),
        ),
      );
    }
    return save(branch);
  }

  async function collect(root: TreeRoot): Promise<Item[]> {
    const node = await load(root);
    if (node === undefined) return [];
    if (node.kind === 'leaf') return [...node.items];
    return (await Promise.all(Object.values(node.children).map(collect))).flat();
  }

  async function editAt(root: TreeRoot, changes: ReadonlyMap<string, Item | null>, path: string): Promise<TreeRoot> {
    if (changes.size === 0) return root;
    const node = await load(root);
    if (node === undefined || node.kind === 'leaf') {
      const items = new Map((node?.items ?? []).map((item) => [item.name, item] as const));
      for (const [name, item] of changes) {
        if (item === null) items.delete(name);
        else items.set(name, item);
      }
      return build([...items.values()], path);
    }
    const groups = groupBy([...changes], ([name]) => pathOf(name).charAt(path.length));
    const edited = await Promise.all(
      [...groups].map(
        async ([digit, group]) =>
          [digit, await editAt(node.children[digit] ?? EMPTY_ROOT, new Map(group), path + digit)] as const,
      ),
    );
    const children = { ...node.children };
    for (const [digit, child] of edited) {
      if (child.tree === null) delete children[digit];
      else children[digit] = child;
    }
    const branch: Branch = { kind: 'branch', children };
    // A branch that shrank to a leaf's size becomes a leaf, or the hash would tell how it came about.
    if (countsOf(branch).items > leafItems) return (await save(branch)).root;
    return build((await Promise.all(Object.values(children).map(collect))).flat(), path);
  }

  async function* itemsAt(
    root: TreeRoot,
    path: string,
    { after, walking }: { readonly after?: string | undefined; readonly walking: boolean },
  ): AsyncGenerator<Item> {
    const node = await load(root);
    if (node === undefined) return;
    if (node.kind === 'leaf') {
      yield* after === undefined ? node.items : node.items.filter(({ name }) => name > after);
      return;
    }
    if (walking) await openLeaves(root, path);
    const from = after === undefined ? '' : pathOf(after).charAt(path.length);
    const children = Object.entries(node.children)
      .filter(([digit]) => digit >= from)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [index, [digit, child]] of children.entries()) {
      // What comes next is read while this is gone through; if it cannot be read, that is said in its turn.
      for (const [following, next] of children.slice(index + 1, index + 1 + READ_AHEAD)) {
        const reading = walking ? openLeaves(next, path + following) : load(next);
        reading.catch(() => undefined);
      }
      yield* itemsAt(child, path + digit, { after: digit === from ? after : undefined, walking });
    }
  }

  /** The sixteen parts of a subtree one level down. */
  function split(node: Node<Item> | undefined, depth: number): Map<string, Subtree<Item>> {
    if (node === undefined) return new Map();
    if (node.kind === 'branch') {
      return new Map(Object.entries(node.children).map(([digit, root]) => [digit, { root }]));
    }
    const groups = groupBy(node.items, (item) => pathOf(item.name).charAt(depth));
    return new Map([...groups].map(([digit, items]) => [digit, { items }]));
  }

  const open = async (subtree: Subtree<Item> | undefined): Promise<Node<Item> | undefined> => {
    if (subtree === undefined) return undefined;
    return 'root' in subtree ? load(subtree.root) : { kind: 'leaf', items: subtree.items };
  };

  async function* diffAt(
    before: Subtree<Item> | undefined,
    after: Subtree<Item> | undefined,
    depth: number,
  ): AsyncGenerator<TreeChange<Item>> {
    if (before !== undefined && after !== undefined && 'root' in before && 'root' in after) {
      if (before.root.tree === after.root.tree) return;
    }
    const [a, b] = await Promise.all([open(before), open(after)]);
    if (a?.kind !== 'branch' && b?.kind !== 'branch') {
      yield* diffItems(a?.items ?? [], b?.items ?? []);
      return;
    }
    const [left, right] = [split(a, depth), split(b, depth)];
    for (const digit of DIGITS) {
      if (left.has(digit) || right.has(digit)) yield* diffAt(left.get(digit), right.get(digit), depth + 1);
    }
  }

  return {
    async get(root, name) {
      const path = pathOf(name);
      let node = await load(root);
      for (let depth = 0; node?.kind === 'branch'; depth += 1) {
        const child: TreeRoot | undefined = node.children[path.charAt(depth)];
        if (child === undefined) return undefined;
        node = await load(child);
      }
      return node?.items.find((item) => item.name === name);
    },

    async getMany(root, names, walking = false) {
      const found = new Map<string, Item>();
      const visit = async (subtree: TreeRoot, wanted: readonly string[], path: string): Promise<void> => {
        if (walking) await openLeaves(subtree, path);
        const node = await load(subtree);
        if (node === undefined) return;
        if (node.kind === 'leaf') {
          const set = new Set(wanted);
          for (const item of node.items) if (set.has(item.name)) found.set(item.name, item);
          return;
        }
        const groups = groupBy(wanted, (name) => pathOf(name).charAt(path.length));
        await Promise.all(
          [...groups].map(([digit, group]) => {
            const child = node.children[digit];
            return child === undefined ? undefined : visit(child, group, path + digit);
          }),
        );
      };
      const list = [...names];
      if (list.length > 0) await visit(root, list, '');
      return found;
    },

    items: (root, after) => itemsAt(root, '', { after, walking: false }),

    walk: (root) => itemsAt(root, '', { walking: true }),

    async edit(root, changes) {
      for (const [name, item] of changes) if (item !== null) checkItem(name, item);
      return editAt(root, changes, '');
    },

    diff: (before, after) => diffAt({ root: before }, { root: after }, 0),
  };
}

function countsOf<Item extends TreeItem>(node: Node<Item>): Omit<TreeRoot, 'tree'> {
  const parts: readonly Omit<TreeRoot, 'tree'>[] =
    node.kind === 'branch'
      ? Object.values(node.children)
      : node.items.map(({ files }) => ({
          items: 1,
          files: files.length,
          bytes: files.reduce((sum, file) => sum + file.size, 0),
        }));
  return parts.reduce<Omit<TreeRoot, 'tree'>>(
    (sum, part) => ({ items: sum.items + part.items, files: sum.files + part.files, bytes: sum.bytes + part.bytes }),
    { items: 0, files: 0, bytes: 0 },
  );
}

function* diffItems<Item extends TreeItem>(
  before: readonly Item[],
  after: readonly Item[],
): Generator<TreeChange<Item>> {
  const left = new Map(before.map((item) => [item.name, item] as const));
  const right = new Map(after.map((item) => [item.name, item] as const));
  for (const name of [...new Set([...left.keys(), ...right.keys()])].sort()) {
    const [a, b] = [left.get(name), right.get(name)];
    if (a !== undefined && b !== undefined && canonicalJson(toEntry(a)) === canonicalJson(toEntry(b))) continue;
    yield { name, ...(a === undefined ? {} : { before: a }), ...(b === undefined ? {} : { after: b }) };
  }
}

function groupBy<T>(values: readonly T[], key: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const group = groups.get(key(value));
    if (group === undefined) groups.set(key(value), [value]);
    else group.push(value);
  }
  return groups;
}
