import { type Commit, EMPTY_ROOT, type FileEntry, type InputRepo, OUTCOMES } from '../../pipeline/commit.js';
import { copyFile, faultOf } from '../committed-files.js';
import { sha256Hex } from '../hash.js';
import { readPointer, writePointer } from '../history/branch-pointer.js';
import { commitIds } from '../history/commits.js';
import { unlessDamaged } from '../json-objects.js';
import { recordDamage } from '../known-damage.js';
import { branchKey } from '../layout.js';
import type { ListedVersion, ObjectStore } from '../object-store.js';
import { withItems } from '../put-items.js';
import { type CommitDetails, type Repository, rootOf, stageReposOf } from '../repository.js';
import { STORED_FOR_MS } from '../tree.js';
import type { Fault } from './fault.js';

/**
 * Mends what can be mended without computing, and leaves word of the rest for the job that follows:
 *
 * - a tree or a commit of which an earlier version of the object is whole is written again;
 * - a branch is pointed at the one commit that it can have pointed at, if there is just one;
 * - a derived tree that is lost is left out by a commit: the job lands what is known of its exams again;
 * - a file that people put is replaced by the same bytes where the bucket has them in another version;
 * - a damaged known outcome is removed, and of derived files and records word is left.
 *
 * @param whole files known to be whole, by SHA-256.
 */
export async function mend(
  repository: Repository,
  branch: string,
  faults: readonly Fault[],
  whole: ReadonlyMap<string, FileEntry>,
  details: CommitDetails,
): Promise<void> {
  const { store } = repository;
  const lostTrees: Fault[] = [];
  const lostFiles: Fault[] = [];
  for (const fault of faults) {
    if (fault.key === branchKey(branch)) await mendBranch(repository, branch);
    else if (fault.item === undefined) {
      const isBack = await bringBack(store, fault);
      if (!isBack && fault.derived) lostTrees.push(fault);
    } else if (fault.repo === OUTCOMES) await store.deleteVersions([fault]);
    else if (fault.derived) await leaveWord(store, fault);
    else lostFiles.push(fault);
  }
  if (lostTrees.length > 0) await leaveOutResults(repository, branch, details);
  if (lostFiles.length > 0) await replaceFiles(repository, branch, lostFiles, whole, details);
}

const leaveWord = (store: ObjectStore, { repo = '', item = '', key, versionId, state }: Fault): Promise<void> =>
  recordDamage(store, { repo, item, key, versionId, what: state });

/** The hash under which a tree or a commit is stored is its name. */
async function bringBack(store: ObjectStore, { key }: Fault): Promise<boolean> {
  const sha256 = key.slice(key.lastIndexOf('/') + 1, -'.json'.length);
  for await (const version of versionsOf(store, key)) {
    const bytes = (await store.get(key, version.versionId))?.bytes;
    if (bytes === undefined || sha256Hex(bytes) !== sha256) continue;
    await store.put(key, bytes, { sha256, contentType: 'application/json' });
    return true;
  }
  return false;
}

async function* versionsOf(store: ObjectStore, key: string): AsyncGenerator<ListedVersion> {
  for await (const version of store.listVersions(key)) {
    if (version.key === key && !version.deleteMarker) yield version;
  }
}

/**
 * A branch's earlier pointers are earlier versions of its object. From the newest that can be read, the commits made after
 * it are followed: where they end in one commit, that is where the branch was.
 */
async function mendBranch(repository: Repository, branch: string): Promise<void> {
  const { store } = repository;
  const key = branchKey(branch);
  const damaged = await store.get(key);
  const versions: ListedVersion[] = [];
  for await (const version of versionsOf(store, key)) versions.push(version);
  versions.sort((a, b) => b.modified.getTime() - a.modified.getTime());
  for (const { versionId } of versions) {
    const pointer = await unlessDamaged(() => readPointer(store, branch, versionId));
    if (pointer === undefined || damaged === undefined) continue;
    const tips = await tipsAfter(repository, pointer.commit);
    const [tip] = tips;
    if (tips.length !== 1 || tip === undefined) return;
    await writePointer(store, branch, { commit: tip, hold: pointer.hold }, { ...pointer, etag: damaged.etag });
    return;
  }
}

/** Commits that come after one and that none comes after; the commit itself when there is none. */
async function tipsAfter(repository: Repository, from: string): Promise<string[]> {
  const children = new Map<string, string[]>();
  for await (const id of commitIds(repository.store)) {
    const parent = (await unlessDamaged(() => repository.commit(id)))?.parent;
    if (parent != null) children.set(parent, [...(children.get(parent) ?? []), id]);
  }
  const tips: string[] = [];
  const open = [from];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const next = children.get(id) ?? [];
    if (next.length === 0) tips.push(id);
    open.push(...next);
  }
  return tips;
}

/**
 * What is known of the exams is kept beside the trees, so a job lands it again without computing. Only then are the same
 * trees written over: workers take a node that they saw lately for stored, so that is waited for.
 */
async function leaveOutResults(repository: Repository, branch: string, details: CommitDetails): Promise<void> {
  await repository.commitOnto(
    branch,
    { ...details, message: 'Leave out results whose trees are damaged' },
    async (roots) => {
      const emptied = [OUTCOMES, ...stageReposOf(roots)].map((repo) => [repo, EMPTY_ROOT] as const);
      return { roots: { ...roots, ...Object.fromEntries(emptied) } };
    },
  );
  await new Promise((resolve) => setTimeout(resolve, STORED_FOR_MS));
}

async function replaceFiles(
  repository: Repository,
  branch: string,
  faults: readonly Fault[],
  whole: ReadonlyMap<string, FileEntry>,
  details: CommitDetails,
): Promise<void> {
  const { store } = repository;
  const head = (await repository.head(branch)) as Commit;
  for (const repo of new Set(faults.map((fault) => fault.repo as InputRepo))) {
    const ofRepo = faults.filter((fault) => fault.repo === repo);
    const names = [...new Set(ofRepo.map(({ item }) => item as string))];
    const items = new Map<string, FileEntry[]>();
    const lost = new Set<string>();
    for (const [name, item] of await repository.inputs.getMany(rootOf(head, repo), names)) {
      const files: FileEntry[] = [];
      for (const file of item.files) {
        const fault = ofRepo.find(({ key, versionId }) => key === file.key && versionId === file.versionId);
        const again = fault && (await sameBytes(repository, repo, name, file, whole));
        if (again !== undefined) lost.add(file.versionId);
        files.push(again ?? file);
      }
      items.set(name, files);
    }
    // Whoever puts the same files mends what is left.
    for (const fault of ofRepo) if (!lost.has(fault.versionId)) await leaveWord(store, fault);
    if (lost.size === 0) continue;
    await repository.commitOnto(
      branch,
      { ...details, message: `Bring back damaged files of ${repo} from the same bytes` },
      async (roots, sequence) => {
        const edited = await withItems(repository, roots, sequence, { repo, items, lost, keepResults: true });
        return edited.roots === undefined ? undefined : { roots: edited.roots };
      },
    );
  }
}

/** A version with the bytes that a damaged one should have, written anew so that it is the newest of its key. */
async function sameBytes(
  { store }: Repository,
  repo: InputRepo,
  item: string,
  file: FileEntry,
  whole: ReadonlyMap<string, FileEntry>,
): Promise<FileEntry | undefined> {
  const candidates: { key: string; versionId: string }[] = [];
  for await (const { key, versionId, size } of versionsOf(store, file.key)) {
    if (versionId !== file.versionId && size === file.size) candidates.push({ key, versionId });
  }
  const other = whole.get(file.sha256);
  if (other !== undefined) candidates.push(other);
  for (const from of candidates) {
    if ((await faultOf(store, { ...file, ...from }, true)) !== undefined) continue;
    const { path, sha256, size } = file;
    return copyFile(store, { repo, item, path, from, sha256, size, isNew: true });
  }
  return undefined;
}
