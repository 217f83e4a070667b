import { type Commit, INPUT_REPOS, OUTCOMES } from '../pipeline/commit.js';
import { type Damage, listDamage } from '../repos/known-damage.js';
import { datumKeyPath } from '../repos/layout.js';
import { type Repository, rootOf, stageReposOf } from '../repos/repository.js';

/**
 * What is known to be damaged or gone of what a commit names. What is known of other versions does not count. One listing
 * where nothing is known.
 */
export async function* damageAt(repository: Repository, commit: Commit): AsyncGenerator<Damage> {
  const stages = new Set(stageReposOf(commit.roots));
  for await (const damage of listDamage(repository.store)) {
    const { repo, item, key, versionId } = damage;
    const isNamed = ({ files }: { files: readonly { key: string; versionId: string }[] }): boolean =>
      files.some((file) => file.key === key && file.versionId === versionId);
    if ((INPUT_REPOS as readonly string[]).includes(repo)) {
      const found = await repository.inputs.get(rootOf(commit, repo), item);
      if (found !== undefined && isNamed(found)) yield damage;
    } else if (stages.has(repo)) {
      const found = await repository.stages.get(rootOf(commit, repo), item);
      // Its results may be known, and would come back as damaged as they are.
      const isOut =
        found === undefined && (await repository.outcomes.get(rootOf(commit, OUTCOMES), item)) === undefined;
      const isRecord = found !== undefined && key === datumKeyPath(repo, item, found.datum);
      // A record is replaced under its own key, by another version.
      const isStill = isRecord && ((await repository.store.head(key))?.versionId ?? '') === versionId;
      if (isOut || isStill || (found !== undefined && isNamed(found))) yield damage;
    }
  }
}

/** Exams at a commit of whose results something is known to be damaged or gone, so that a job has to make it again. */
export async function examsToMend(repository: Repository, commit: Commit): Promise<Set<string>> {
  const exams = new Set<string>();
  for await (const { repo, item } of damageAt(repository, commit)) {
    if (!(INPUT_REPOS as readonly string[]).includes(repo)) exams.add(item);
  }
  return exams;
}
