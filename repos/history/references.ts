import { branchNameSchema, type Commit, DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import type { ObjectStore } from '../object-store.js';
import { branchNames } from './branch-pointer.js';
import type { Branches } from './branches.js';
import { type Commits, commitIds } from './commits.js';
import { requireRepo } from './roots.js';

/** Commits by what a person calls them. */
export interface References {
  /**
   * A commit by id, by an id's first eight or more digits, by branch, or `<branch>~<n>`: the state before the last n
   * commits that changed `repo` (any repo when not given).
   * @throws MammoflowError `unknown-reference` saying what is known instead.
   */
  resolve(reference: string, repo?: string): Promise<Commit>;
}

const SHORTEST_ID = 8;

export function openReferences(store: ObjectStore, { commit: read, log }: Commits, { head }: Branches): References {
  async function resolveName(name: string): Promise<Commit> {
    if (branchNameSchema.safeParse(name).success) {
      const newest = await head(name);
      if (newest !== undefined) return newest;
    }
    if (/^[0-9a-f]+$/.test(name) && name.length >= SHORTEST_ID && name.length <= 64) {
      const ids: string[] = [];
      for await (const id of commitIds(store, name)) ids.push(id);
      if (ids.length === 1) return read(ids[0] as string);
      if (ids.length > 1) {
        throw new MammoflowError(
          'unknown-reference',
          `${name} is the beginning of ${ids.length} commit ids.`,
          'Give more digits.',
        );
      }
    }
    const known: string[] = [];
    for await (const branch of branchNames(store)) known.push(branch);
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

  return {
    async resolve(reference, repo) {
      const [, name = '', steps] = /^(.*?)(?:~(\d+))?$/.exec(reference) ?? [];
      let commit = await resolveName(name);
      if (steps === undefined) return commit;
      if (repo !== undefined) requireRepo(commit, repo);
      let remaining = Number(steps);
      for await (const earlier of log(commit, repo)) {
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
  };
}
