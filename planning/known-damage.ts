import type { Commit } from '../pipeline/commit.js';
import { listDamage } from '../repos/known-damage.js';
import { datumKeyPath } from '../repos/layout.js';
import { type Repository, rootOf, stageReposOf } from '../repos/repository.js';

/**
 * Exams at a commit of whose results something is known to be damaged or gone, so that a job has to make it again. What
 * is known of other versions than the commit names does not count. One listing where nothing is known.
 */
export async function examsToMend(repository: Repository, commit: Commit): Promise<Set<string>> {
  const stages = new Set(stageReposOf(commit.roots));
  const exams = new Set<string>();
  for await (const { repo, item, key, versionId } of listDamage(repository.store)) {
    if (!stages.has(repo) || exams.has(item)) continue;
    const found = await repository.stages.get(rootOf(commit, repo), item);
    if (found === undefined) continue;
    const isFile = found.files.some((file) => file.key === key && file.versionId === versionId);
    const isRecord = key === datumKeyPath(repo, item, found.datum);
    // A record is replaced under its own key, by another version.
    const isStill = isRecord && ((await repository.store.head(key))?.versionId ?? '') === versionId;
    if (isFile || isStill) exams.add(item);
  }
  return exams;
}
