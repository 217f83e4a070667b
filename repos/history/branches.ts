import { type Commit, DEFAULT_BRANCH, type Hold } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { branchKey } from '../layout.js';
import type { ObjectStore } from '../object-store.js';
import { branchNames, forgetPointers, readPointer, requirePointer, writePointer } from './branch-pointer.js';
import { readHeldCommit } from './commits.js';
import { keptMoving, MAX_ATTEMPTS, pause } from './races.js';

/** A branch and the newest commit on it. */
export interface BranchHead {
  readonly name: string;
  readonly commit: string;
  readonly hold?: Hold;
}

/** Names for the newest commit of a line of work. */
export interface Branches {
  /** The newest commit of a branch; undefined when the branch does not exist. */
  head(branch: string): Promise<Commit | undefined>;
  /** The id of the newest commit, which need not be readable; undefined when the branch does not exist. */
  headId(branch: string): Promise<string | undefined>;
  /**
   * All branches by name, those after `after` when given.
   * @param onDamaged told of a branch whose object is damaged, which is then left out.
   * @throws MammoflowError `corrupt-data` for such a branch, when nobody wants to be told.
   */
  branches(after?: string, onDamaged?: (name: string, error: MammoflowError) => void): AsyncGenerator<BranchHead>;
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

const isDamage = (error: unknown): error is MammoflowError =>
  error instanceof MammoflowError && error.code === 'corrupt-data';

export function openBranches(store: ObjectStore): Branches {
  return {
    async head(branch) {
      const pointer = await readPointer(store, branch);
      return pointer && readHeldCommit(store, pointer.commit, `the branch ${branch}`);
    },

    async headId(branch) {
      return (await readPointer(store, branch))?.commit;
    },

    async *branches(after, onDamaged) {
      for await (const name of branchNames(store, after)) {
        const pointer = await readPointer(store, name).catch((error) => {
          if (onDamaged === undefined || !isDamage(error)) throw error;
          onDamaged(name, error);
          return undefined;
        });
        if (pointer === undefined) continue;
        const { commit, hold } = pointer;
        yield { name, commit, ...(hold === undefined ? {} : { hold }) };
      }
    },

    async holdOf(branch) {
      return (await readPointer(store, branch))?.hold;
    },

    async setHold(branch, hold) {
      const before = (await requirePointer(store, branch)).hold;
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
        const pointer = await requirePointer(store, branch);
        if ((pointer.hold === undefined) === (hold === undefined)) return before;
        const set = await writePointer(store, branch, { commit: pointer.commit, hold }, pointer);
        if (set !== undefined) return before;
        // Somebody committed meanwhile, or this request was retried after it had succeeded.
        await pause(attempt);
      }
      throw keptMoving(branch);
    },

    async createBranch(branch, commit) {
      if ((await readPointer(store, branch)) === undefined) {
        const begin = () => writePointer(store, branch, { commit: commit.id, hold: undefined }, undefined);
        if ((await begin()) !== undefined) return;
        const there = await readPointer(store, branch);
        // As in committing, a request that was retried after it had succeeded is refused.
        if (there?.commit === commit.id) return;
        if (there === undefined) {
          // Whoever deleted it died before the end.
          await forgetPointers(store, branch);
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
      const pointer = await requirePointer(store, branch);
      if (pointer.commit === commit.id) return pointer.commit;
      const moved = await writePointer(store, branch, { commit: commit.id, hold: pointer.hold }, pointer);
      // As in committing, a request that was retried after it had succeeded is refused.
      if (moved !== undefined || (await requirePointer(store, branch)).commit === commit.id) return pointer.commit;
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
      const pointer = await requirePointer(store, branch);
      await store.delete(branchKey(branch));
      await forgetPointers(store, branch);
      return pointer.commit;
    },
  };
}
