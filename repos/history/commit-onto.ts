import type { Commit, CommitContent, CommitOrigin } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import type { ObjectStore } from '../object-store.js';
import { readPointer, writePointer } from './branch-pointer.js';
import type { Branches } from './branches.js';
import { type Commits, readHeldCommit, writeCommit } from './commits.js';
import { keptMoving, MAX_ATTEMPTS, pause } from './races.js';
import type { Roots } from './roots.js';

/** What a change makes of the roots it was given; undefined when there is nothing to change. */
export interface Change {
  readonly roots: Roots;
}

export interface CommitDetails {
  readonly author: string;
  readonly message: string;
  readonly by: CommitOrigin;
}

const deletedMeanwhile = (branch: string): MammoflowError =>
  new MammoflowError(
    'unknown-reference',
    `The branch ${branch} was deleted while this change was being committed.`,
    'Name another branch, or make it again with `mammoflow branch create`.',
  );

export interface Committing {
  /**
   * Applies a change to the head of a branch and moves the branch. Whoever loses a race applies the change again to
   * the new head, so `change` must depend on its argument alone. A branch that does not exist begins empty.
   * @param change gets the head's roots (empty ones on a new branch), the sequence number the commit will have, and
   *   the head itself.
   * @returns the new commit, or undefined when the change found nothing to do.
   * @throws MammoflowError `branch-moved` when it loses every race, `unknown-reference` when the branch is deleted meanwhile.
   */
  commitOnto(
    branch: string,
    details: CommitDetails,
    change: (roots: Roots, sequence: number, head: Commit | undefined) => Promise<Change | undefined>,
  ): Promise<Commit | undefined>;
}

export function openCommitting(store: ObjectStore, { parent }: Commits, { head: headOf }: Branches): Committing {
  async function isAncestorOrSelf({ id, sequence }: Commit, branch: string): Promise<boolean> {
    let commit = await headOf(branch);
    while (commit !== undefined && commit.sequence > sequence) commit = await parent(commit);
    return commit?.id === id;
  }

  return {
    async commitOnto(branch, details, change) {
      let existed = false;
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
        const pointer = await readPointer(store, branch);
        if (attempt > 0 && pointer === undefined && existed) throw deletedMeanwhile(branch);
        existed = pointer !== undefined;
        const head = pointer && (await readHeldCommit(store, pointer.commit, `the branch ${branch}`));
        const sequence = head === undefined ? 0 : head.sequence + 1;
        const changed = await change(head?.roots ?? {}, sequence, head);
        if (changed === undefined) return undefined;
        const content: CommitContent = {
          schemaVersion: 1,
          parent: head?.id ?? null,
          sequence,
          // By the bucket's clock: machines' own may be days apart, and the history would run backwards.
          time: new Date(store.serverTime()).toISOString(),
          ...details,
          roots: { ...changed.roots },
        };
        const commit = await writeCommit(store, content);
        const moved = await writePointer(store, branch, { commit: commit.id, hold: pointer?.hold }, pointer);
        if (moved !== undefined) return commit;
        // A request that was retried after it had succeeded is refused too: look whether the branch has this commit.
        if (await isAncestorOrSelf(commit, branch)) return commit;
        await pause(attempt);
      }
      throw keptMoving(branch);
    },
  };
}
