import { canonicalJson, type Json } from '../../pipeline/canonical-json.js';
import { type Commit, type CommitContent, commitSchema } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { sha256Hex } from '../hash.js';
import { readJson, storeUnderHash } from '../json-objects.js';
import { commitKey, commitPrefix } from '../layout.js';
import type { ObjectStore } from '../object-store.js';
import { rootOf } from './roots.js';

/** The commits of a bucket, each with the one before it. */
export interface Commits {
  /** @throws MammoflowError `unknown-reference` when there is no such commit. */
  commit(id: string): Promise<Commit>;
  /** The commit before; undefined for the first. @throws MammoflowError `missing-object` when it is gone. */
  parent(commit: Commit): Promise<Commit | undefined>;
  /**
   * Commits from `from` backwards; only those that changed `repo` when given. It goes on after a page at the parent of
   * the last commit of that page.
   */
  log(from: Commit, repo?: string): AsyncGenerator<Commit>;
}

export function openCommits(store: ObjectStore): Commits {
  const commits: Commits = {
    async commit(id) {
      const commit = await readCommit(store, id);
      if (commit !== undefined) return commit;
      throw new MammoflowError(
        'unknown-reference',
        `There is no commit ${id}.`,
        'See `mammoflow log` for the commits.',
      );
    },

    async parent(commit) {
      return commit.parent === null ? undefined : readHeldCommit(store, commit.parent, `commit ${commit.id}`);
    },

    async *log(from, repo) {
      let commit: Commit | undefined = from;
      while (commit !== undefined) {
        const parent: Commit | undefined = await commits.parent(commit);
        if (repo === undefined || rootOf(commit, repo).tree !== rootOf(parent, repo).tree) yield commit;
        commit = parent;
      }
    },
  };
  return commits;
}

async function readCommit(store: ObjectStore, id: string): Promise<Commit | undefined> {
  const content = await readJson(store, commitKey(id), commitSchema);
  if (content === undefined) return undefined;
  if (sha256Hex(canonicalJson(content as unknown as Json)) !== id) {
    throw new MammoflowError('corrupt-data', `Commit ${id} does not have the hash it is stored under.`);
  }
  return { id, ...content };
}

/** A commit that a branch or another commit holds, so that it must be there. */
export async function readHeldCommit(store: ObjectStore, id: string, holder: string): Promise<Commit> {
  const commit = await readCommit(store, id);
  if (commit !== undefined) return commit;
  throw new MammoflowError(
    'missing-object',
    `Commit ${id} is gone from the bucket, although ${holder} holds it.`,
    `Restore ${commitKey(id)} from the bucket's earlier versions or from a backup.`,
  );
}

/** Stores a commit under the hash of its content; one that is there already is the same. */
export async function writeCommit(store: ObjectStore, content: CommitContent): Promise<Commit> {
  const document = content as unknown as Json;
  const id = sha256Hex(canonicalJson(document));
  await storeUnderHash(store, commitKey(id), Buffer.from(canonicalJson(document)), id);
  return { id, ...content };
}

/** Ids of all commits that begin with some digits, in ascending order, on a branch or not. */
export async function* commitIds(store: ObjectStore, beginning = ''): AsyncGenerator<string> {
  for await (const { key } of store.list(commitPrefix(beginning))) {
    yield key.slice(commitPrefix('').length, -'.json'.length);
  }
}
