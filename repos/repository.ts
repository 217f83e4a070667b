import { z } from 'zod';
import { sha256Schema } from '../pipeline/bundle.js';
import { canonicalJson, type Json } from '../pipeline/canonical-json.js';
import {
  branchNameSchema,
  type Commit,
  type CommitContent,
  type CommitOrigin,
  commitSchema,
  DEFAULT_BRANCH,
  EMPTY_ROOT,
  type Hold,
  holdSchema,
  INPUT_REPOS,
  type InputItem,
  inputItemSchema,
  OUTCOMES,
  type OutcomeItem,
  outcomeItemSchema,
  type StageItem,
  stageItemSchema,
  type TreeRoot,
} from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { sha256Hex } from './hash.js';
import { parseJson, readJson, writeJson } from './json-objects.js';
import { branchesPrefix, branchKey, commitKey, commitPrefix } from './layout.js';
import type { ListedVersion, ObjectStore } from './object-store.js';
import { openTrees, type TreeStore } from './tree.js';

/** A branch as stored: one small object, so that all repos move together. A hold stays when it moves. */
const branchSchema = z.strictObject({ commit: sha256Schema, hold: holdSchema.optional() });

/** A branch as read, with what a conditional write needs. */
type Pointer = z.infer<typeof branchSchema> & { readonly etag: string };

const pointing = (commit: string, hold: Hold | undefined): Json => ({
  commit,
  ...(hold === undefined ? {} : { hold: hold as unknown as Json }),
});

export type Roots = Readonly<Record<string, TreeRoot>>;

/** What a change makes of the roots it was given; undefined when there is nothing to change. */
export interface Change {
  readonly roots: Roots;
}

export interface CommitDetails {
  readonly author: string;
  readonly message: string;
  readonly by: CommitOrigin;
}

/** A branch and the newest commit on it. */
export interface BranchHead {
  readonly name: string;
  readonly commit: string;
  readonly hold?: Hold;
}

/** One history of commits over all repos of a bucket, with branches that point into it. */
export interface Repository {
  readonly store: ObjectStore;
  /** Items of `exams`, `models` and `pipeline`. */
  readonly inputs: TreeStore<InputItem>;
  /** Items of the stage repos. */
  readonly stages: TreeStore<StageItem>;
  readonly outcomes: TreeStore<OutcomeItem>;
  /** The newest commit of a branch; undefined when the branch does not exist. */
  head(branch: string): Promise<Commit | undefined>;
  /** @throws MammoflowError `unknown-reference` when there is no such commit. */
  commit(id: string): Promise<Commit>;
  /** The commit before; undefined for the first. @throws MammoflowError `missing-object` when it is gone. */
  parent(commit: Commit): Promise<Commit | undefined>;
  /**
   * A commit by id, by an id's first eight or more digits, by branch, or `<branch>~<n>`: the state before the last n
   * commits that changed `repo` (any repo when not given).
   * @throws MammoflowError `unknown-reference` saying what is known instead.
   */
  resolve(reference: string, repo?: string): Promise<Commit>;
  /**
   * Applies a change to the head of a branch and moves the branch. Whoever loses a race applies the change again to
   * the new head, so `change` must depend on its argument alone. A branch that does not exist begins empty.
   * @param change gets the head's roots (empty ones on a new branch), the sequence number the commit will have, and
   *   the head itself.
   * @returns the new commit, or undefined when the change found nothing to do.
   */
  commitOnto(
    branch: string,
    details: CommitDetails,
    change: (roots: Roots, sequence: number, head: Commit | undefined) => Promise<Change | undefined>,
  ): Promise<Commit | undefined>;
  /** Commits from `from` backwards; only those that changed `repo` when given. */
  log(from: Commit, repo?: string): AsyncGenerator<Commit>;
  branches(): AsyncGenerator<BranchHead>;
  /** Whether a branch is on hold. Undefined when it is not, or does not exist. */
  holdOf(branch: string): Promise<Hold | undefined>;
  /**
   * Puts a branch on hold, or with undefined releases it; a branch that is on hold already keeps its first hold.
   * @returns the hold that it had before.
   * @throws MammoflowError `unknown-reference` when there is no such branch.
   */
  setHold(branch: string, hold: Hold | undefined): Promise<Hold | undefined>;
  /** Begins a branch at a commit. @throws MammoflowError `invalid-argument` when there is one of that name. */
  createBranch(branch: string, commit: Commit): Promise<void>;
  /**
   * Points a branch at another commit.
   * @returns the id of the commit it pointed at.
   * @throws MammoflowError `unknown-reference` when there is no such branch, `branch-moved` when somebody else moved it
   *   meanwhile.
   */
  moveBranch(branch: string, commit: Commit): Promise<string>;
  /**
   * Deletes a branch; its commits stay.
   * @returns the id of the commit it pointed at.
   * @throws MammoflowError `unknown-reference` when there is no such branch, `invalid-argument` for `main`.
   */
  deleteBranch(branch: string): Promise<string>;
}

/** The root of a repo in a commit; empty when the repo has nothing yet. */
export const rootOf = (holder: { roots: Roots } | undefined, repo: string): TreeRoot =>
  holder?.roots[repo] ?? EMPTY_ROOT;

/** The stage repos of a commit: everything that is neither an input nor bookkeeping. */
export const stageReposOf = (roots: Roots): string[] =>
  Object.keys(roots).filter((repo) => repo !== OUTCOMES && !(INPUT_REPOS as readonly string[]).includes(repo));

/** @throws MammoflowError `not-found` when a commit has no such repo. */
export function requireRepo({ roots }: { roots: Roots }, repo: string): void {
  const known = [...INPUT_REPOS, ...stageReposOf(roots)];
  if (known.includes(repo)) return;
  throw new MammoflowError(
    'not-found',
    `There is no repo ${repo} at this commit.`,
    `There are ${known.join(', ')}; the repo of a stage appears with its first results.`,
  );
}

const SHORTEST_ID = 8;
const MAX_ATTEMPTS = 50;

export function openRepository(store: ObjectStore): Repository {
  async function readBranch(name: string): Promise<Pointer | undefined> {
    const checked = branchNameSchema.safeParse(name);
    if (!checked.success) {
      throw new MammoflowError(
        'invalid-argument',
        `${JSON.stringify(name)} cannot name a branch: ${checked.error.issues[0]?.message}.`,
      );
    }
    const key = branchKey(checked.data);
    const object = await store.get(key);
    return object && { ...parseJson(key, object.bytes, branchSchema), etag: object.etag };
  }

  async function readCommit(id: string): Promise<Commit | undefined> {
    const content = await readJson(store, commitKey(id), commitSchema);
    if (content === undefined) return undefined;
    if (sha256Hex(canonicalJson(content as unknown as Json)) !== id) {
      throw new MammoflowError('corrupt-data', `Commit ${id} does not have the hash it is stored under.`);
    }
    return { id, ...content };
  }

  /** A commit that a branch or another commit holds, so that it must be there. */
  async function readHeldCommit(id: string, holder: string): Promise<Commit> {
    const commit = await readCommit(id);
    if (commit !== undefined) return commit;
    throw new MammoflowError(
      'missing-object',
      `Commit ${id} is gone from the bucket, although ${holder} holds it.`,
      `Restore ${commitKey(id)} from the bucket's earlier versions or from a backup.`,
    );
  }

  const repository: Repository = {
    store,
    inputs: openTrees<InputItem>(store, inputItemSchema),
    stages: openTrees<StageItem>(store, stageItemSchema as unknown as z.ZodType<StageItem>),
    outcomes: openTrees<OutcomeItem>(store, outcomeItemSchema as unknown as z.ZodType<OutcomeItem>),

    async head(branch) {
      const pointer = await readBranch(branch);
      return pointer && readHeldCommit(pointer.commit, `the branch ${branch}`);
    },

    async commit(id) {
      const commit = await readCommit(id);
      if (commit === undefined) {
        throw new MammoflowError(
          'unknown-reference',
          `There is no commit ${id}.`,
          'See `mammoflow log` for the commits.',
        );
      }
      return commit;
    },

    async parent(commit) {
      return commit.parent === null ? undefined : readHeldCommit(commit.parent, `commit ${commit.id}`);
    },

    async resolve(reference, repo) {
      const [, name = '', steps] = /^(.*?)(?:~(\d+))?$/.exec(reference) ?? [];
      let commit = await resolveName(name);
      if (steps === undefined) return commit;
      if (repo !== undefined) requireRepo(commit, repo);
      let remaining = Number(steps);
      for await (const earlier of repository.log(commit, repo)) {
        commit = earlier;
        if (remaining === 0) return commit;
        remaining -= 1;
      }
      throw new MammoflowError(
        'unknown-reference',
        `${reference} goes back beyond the first commit${repo === undefined ? '' : ` that changed ${repo}`}.`,
        `See \`mammoflow log${repo === undefined ? '' : ` ${repo}${name === DEFAULT_BRANCH ? '' : `@${name}`}`}\` for what there is.`,
      );
    },

    async commitOnto(branch, details, change) {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
        const pointer = await readBranch(branch);
        const head = pointer && (await readHeldCommit(pointer.commit, `the branch ${branch}`));
        const sequence = head === undefined ? 0 : head.sequence + 1;
        const changed = await change(head?.roots ?? {}, sequence, head);
        if (changed === undefined) return undefined;
        const content: CommitContent = {
          schemaVersion: 1,
          parent: head?.id ?? null,
          sequence,
          time: new Date().toISOString(),
          ...details,
          roots: { ...changed.roots },
        };
        const id = sha256Hex(canonicalJson(content as unknown as Json));
        await writeJson(store, commitKey(id), content as unknown as Json, { ifAbsent: true });
        const moved = await writeJson(
          store,
          branchKey(branch),
          pointing(id, pointer?.hold),
          pointer === undefined ? { ifAbsent: true } : { ifMatch: pointer.etag },
        );
        if (moved !== undefined) return { id, ...content };
        // A request that was retried after it had succeeded is refused too: look whether the branch has this commit.
        if (await isAncestorOrSelf(id, sequence, branch)) return { id, ...content };
        await pause(attempt);
      }
      throw keptMoving(branch);
    },

    async *log(from, repo) {
      let commit: Commit | undefined = from;
      while (commit !== undefined) {
        const parent: Commit | undefined = await repository.parent(commit);
        if (repo === undefined || rootOf(commit, repo).tree !== rootOf(parent, repo).tree) yield commit;
        commit = parent;
      }
    },

    async *branches() {
      for await (const { key } of store.list(branchesPrefix)) {
        const name = key.slice(branchesPrefix.length, -'.json'.length);
        const pointer = await readBranch(name);
        if (pointer === undefined) continue;
        const { commit, hold } = pointer;
        yield { name, commit, ...(hold === undefined ? {} : { hold }) };
      }
    },

    async holdOf(branch) {
      return (await readBranch(branch))?.hold;
    },

    async setHold(branch, hold) {
      const before = (await requireBranch(branch)).hold;
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
        const pointer = await requireBranch(branch);
        if ((pointer.hold === undefined) === (hold === undefined)) return before;
        const condition = { ifMatch: pointer.etag };
        const set = await writeJson(store, branchKey(branch), pointing(pointer.commit, hold), condition);
        if (set !== undefined) return before;
        // Somebody committed meanwhile, or this request was retried after it had succeeded.
        await pause(attempt);
      }
      throw keptMoving(branch);
    },

    async createBranch(branch, commit) {
      if ((await readBranch(branch)) === undefined) {
        const begin = () => writeJson(store, branchKey(branch), { commit: commit.id }, { ifAbsent: true });
        if ((await begin()) !== undefined) return;
        const there = await readBranch(branch);
        // As in committing, a request that was retried after it had succeeded is refused.
        if (there?.commit === commit.id) return;
        if (there === undefined) {
          // Whoever deleted it died before the end.
          await forgetBranch(branch);
          if ((await begin()) !== undefined) return;
        }
      }
      throw new MammoflowError(
        'invalid-argument',
        `There is a branch ${branch} already.`,
        `Take another name, or move it with \`mammoflow branch move ${branch} <REF>\`.`,
      );
    },

    async moveBranch(branch, commit) {
      const pointer = await requireBranch(branch);
      if (pointer.commit === commit.id) return pointer.commit;
      const moved = await writeJson(store, branchKey(branch), pointing(commit.id, pointer.hold), {
        ifMatch: pointer.etag,
      });
      // As in committing, a request that was retried after it had succeeded is refused.
      if (moved !== undefined || (await readBranch(branch))?.commit === commit.id) return pointer.commit;
      throw new MammoflowError(
        'branch-moved',
        `The branch ${branch} got a new commit meanwhile, so it was not moved.`,
        `Look at it with \`mammoflow branch list\`, then try again.`,
      );
    },

    async deleteBranch(branch) {
      if (branch === DEFAULT_BRANCH) {
        throw new MammoflowError(
          'invalid-argument',
          `The branch ${DEFAULT_BRANCH} is not deleted: every verb works on it unless told otherwise.`,
          `Move it with \`mammoflow branch move ${DEFAULT_BRANCH} <REF>\`.`,
        );
      }
      const pointer = await requireBranch(branch);
      await store.delete(branchKey(branch));
      await forgetBranch(branch);
      return pointer.commit;
    },
  };

  /**
   * Removes what a deleted branch left: its earlier pointers, then the delete marker that hides them. Not every S3
   * server takes a key with a delete marker for absent, so nobody could begin a branch of that name again.
   */
  async function forgetBranch(name: string): Promise<void> {
    const key = branchKey(name);
    const versions: ListedVersion[] = [];
    for await (const version of store.listVersions(key)) if (version.key === key) versions.push(version);
    // Begun again meanwhile.
    if (versions.some(({ latest, deleteMarker }) => latest && !deleteMarker)) return;
    await store.deleteVersions(versions.filter(({ deleteMarker }) => !deleteMarker));
    await store.deleteVersions(versions.filter(({ deleteMarker }) => deleteMarker));
  }

  async function requireBranch(branch: string): Promise<Pointer> {
    const pointer = await readBranch(branch);
    if (pointer !== undefined) return pointer;
    throw new MammoflowError(
      'unknown-reference',
      `There is no branch ${branch}.`,
      'See `mammoflow branch list`, or make it with `mammoflow branch create`.',
    );
  }

  async function resolveName(name: string): Promise<Commit> {
    if (branchNameSchema.safeParse(name).success) {
      const head = await repository.head(name);
      if (head !== undefined) return head;
    }
    if (/^[0-9a-f]+$/.test(name) && name.length >= SHORTEST_ID && name.length <= 64) {
      const ids: string[] = [];
      for await (const { key } of store.list(commitPrefix(name))) ids.push(key.slice(commitPrefix('').length, -5));
      if (ids.length === 1) return repository.commit(ids[0] as string);
      if (ids.length > 1) {
        throw new MammoflowError(
          'unknown-reference',
          `${name} is the beginning of ${ids.length} commit ids.`,
          'Give more digits.',
        );
      }
    }
    const known: string[] = [];
    for await (const { key } of store.list(branchesPrefix))
      known.push(key.slice(branchesPrefix.length, -'.json'.length));
    if (known.length === 0) {
      throw new MammoflowError(
        'unknown-reference',
        'Nothing has been committed yet.',
        'Put something first, e.g. `mammoflow put exams <folder>`.',
      );
    }
    throw new MammoflowError(
      'unknown-reference',
      `There is no commit or branch ${JSON.stringify(name)}.`,
      `Name a branch (${known.join(', ')}), <branch>~<n>, or a commit id by at least ${SHORTEST_ID} of its digits.`,
    );
  }

  async function isAncestorOrSelf(id: string, sequence: number, branch: string): Promise<boolean> {
    let commit = await repository.head(branch);
    while (commit !== undefined && commit.sequence > sequence) commit = await repository.parent(commit);
    return commit?.id === id;
  }

  return repository;
}

const keptMoving = (branch: string): MammoflowError =>
  new MammoflowError(
    'branch-moved',
    `The branch ${branch} kept moving while this change was being committed.`,
    'Try again in a moment.',
  );

/** Losers of a race wait a random moment that grows, so that many writers do not meet again at once. */
const pause = (attempt: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(1_000, 10 * 2 ** attempt)));
