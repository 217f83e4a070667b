import type { Commit } from '../pipeline/commit.js';
import { CHECKING_STAGE_NAMES } from '../pipeline/quality-report.js';
import type { CheckedItem } from './headlines.js';
import { type Repository, rootOf } from './repository.js';

/** What the stages that look at pictures made of some exams, as a commit has it. */
export async function checkedItems(
  { stages }: Repository,
  commit: Commit,
  exams: readonly string[],
): Promise<CheckedItem[]> {
  const found = await Promise.all(
    CHECKING_STAGE_NAMES.map(async (stage) => {
      const items = await stages.getMany(rootOf(commit, stage), exams);
      return [...items.values()].map((item): CheckedItem => ({ stage, item }));
    }),
  );
  return found.flat();
}
