import { sha256Hex } from './hash.js';
import { leafPackKey, leafPacksOf } from './layout.js';
import type { ListedVersion, ObjectStore } from './object-store.js';

/*
 * The leaves of a tree once more, all that lie under one path in one object, so that going through a repo does not cost a
 * request a leaf (docs/decisions/0023):
 *
 *   .mammoflow/packs/<kind>/<path>.jsonl     a leaf a line, as it is stored under its hash
 *
 * A line is only what its SHA-256 says, and which hashes are wanted is asked of the trees every time. So a pack cannot be
 * wrong: lines of another commit or branch, or damaged ones, are leaves that nobody asks for, and what is missing is read
 * by itself. Packs may be deleted at any time. They hold what trees hold: names and hashes, no numbers (0008).
 */

const KINDS = ['inputs', 'outcomes'] as const;
type Kind = (typeof KINDS)[number];

export interface LeafPacks {
  /** The leaves that are kept for a path, by hash. Empty where there are none. */
  read(path: string): Promise<ReadonlyMap<string, Uint8Array>>;
  /** Keeps leaves for whoever goes through them next, in the place of those that were kept. */
  keep(path: string, leaves: readonly string[]): Promise<void>;
}

/** @param kind which trees' leaves: those of different kinds lie under the same paths. */
export function openLeafPacks(store: ObjectStore, kind: Kind): LeafPacks {
  return {
    async read(path) {
      const object = await store.get(leafPackKey(kind, path));
      if (object === undefined) return new Map();
      const lines = Buffer.from(object.bytes).toString('utf8').split('\n');
      return new Map(lines.map((line) => [sha256Hex(line), Buffer.from(line)]));
    },
    async keep(path, leaves) {
      const bytes = Buffer.from(leaves.join('\n'));
      try {
        await store.put(leafPackKey(kind, path), bytes, { sha256: sha256Hex(bytes), contentType: 'application/jsonl' });
      } catch {
        // They are read one by one then; a bucket that may not be written to stays as it is.
      }
    },
  };
}

/** Versions of the packs that have an item, if its tree has it: all of them go when it is erased. */
export async function* packsOfItem(store: ObjectStore, name: string): AsyncGenerator<ListedVersion> {
  const path = sha256Hex(name);
  for (const kind of KINDS) {
    // The pack of a tree of one branch, and those below it that begin with the first digit.
    for (const prefix of [leafPackKey(kind, ''), `${leafPacksOf(kind)}${path[0]}`]) {
      for await (const version of store.listVersions(prefix)) {
        const packed = version.key.slice(leafPacksOf(kind).length).split('.')[0] as string;
        if (path.startsWith(packed) && !version.deleteMarker) yield version;
      }
    }
  }
}
