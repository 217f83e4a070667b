import type { z } from 'zod';
import {
  type InputItem,
  inputItemSchema,
  type OutcomeItem,
  outcomeItemSchema,
  type StageItem,
  stageItemSchema,
} from '../pipeline/commit.js';
import { type Branches, openBranches } from './history/branches.js';
import { type Committing, openCommitting } from './history/commit-onto.js';
import { type Commits, openCommits } from './history/commits.js';
import { openReferences, type References } from './history/references.js';
import { openLeafPacks } from './leaf-packs.js';
import type { ObjectStore } from './object-store.js';
import { openTrees, type TreeStore } from './tree.js';

export type { BranchHead } from './history/branches.js';
export type { Change, CommitDetails } from './history/commit-onto.js';
export { type Roots, requireRepo, rootOf, stageReposOf } from './history/roots.js';

/** One history of commits over all repos of a bucket, with branches that point into it, and the trees of its repos. */
export interface Repository extends Commits, Branches, References, Committing {
  readonly store: ObjectStore;
  /** Items of `exams`, `models` and `pipeline`. */
  readonly inputs: TreeStore<InputItem>;
  /** Items of the stage repos. */
  readonly stages: TreeStore<StageItem>;
  readonly outcomes: TreeStore<OutcomeItem>;
}

export function openRepository(store: ObjectStore): Repository {
  const commits = openCommits(store);
  const branches = openBranches(store);
  return {
    store,
    inputs: openTrees<InputItem>(store, inputItemSchema, { packs: openLeafPacks(store, 'inputs') }),
    stages: openTrees<StageItem>(store, stageItemSchema as unknown as z.ZodType<StageItem>),
    outcomes: openTrees<OutcomeItem>(store, outcomeItemSchema as unknown as z.ZodType<OutcomeItem>, {
      packs: openLeafPacks(store, 'outcomes'),
    }),
    ...commits,
    ...branches,
    ...openReferences(store, commits, branches),
    ...openCommitting(store, commits, branches),
  };
}
