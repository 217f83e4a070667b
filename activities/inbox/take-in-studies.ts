import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Identities } from '../../dicom/identity/identities.js';
import { type ExamOfObjects, takeInObjects } from '../../dicom/intake/take-in-objects.js';
import type { FileEntry } from '../../pipeline/commit.js';
import { type InboxObject, judgeStudy } from '../../pipeline/dicom-inbox.js';
import { VIEWS } from '../../pipeline/exam.js';
import { examObject, viewsWithObjects } from '../../pipeline/exam-objects.js';
import { committedObjects } from '../../planning/committed-objects.js';
import { storeFile } from '../../repos/committed-files.js';
import { listObjects, openObjects, recordSorted, removeObjects } from '../../repos/dicom-inbox.js';
import { openErasures } from '../../repos/erasures.js';
import { type InboxVersion, recordRefusal } from '../../repos/inbox.js';
import { readLocalFile } from '../../repos/local-file.js';
import type { ObjectStore } from '../../repos/object-store.js';
import { withItems } from '../../repos/put-items.js';
import { type Change, type Repository, type Roots, rootOf } from '../../repos/repository.js';
import { type OpenIdentities, requirePseudonymKey } from './pseudonym-key.js';
import { commitOfBatch, type TakeInRequest, type TakenIn } from './take-in-exams.js';

export interface ObjectsIntake {
  readonly open: OpenIdentities | undefined;
  /** A folder of this worker alone: objects lie there while they are being read, and say whose they are. */
  readonly folder: string;
}

export type TakeInStudiesRequest = Omit<TakeInRequest, 'seen'>;

interface Study {
  readonly name: string;
  /** What leaves the inbox once the exam is committed. */
  readonly taken: readonly InboxVersion[];
  readonly files: readonly FileEntry[];
  readonly copies: readonly FileEntry[];
}

/**
 * Moves studies from the inbox into one commit, without the identity of their patients:
 *
 * ```
 *   open ─► take the identity from it ─► write to exams/ ─► commit ─► remove the originals from the inbox, all versions
 *     └─► no view, or cannot be read: remembered for that object, which stays
 * ```
 *
 * Each step is found done when it is repeated, as with `takeInExams`.
 *
 * @throws MammoflowError `invalid-configuration` where there is no key for pseudonyms; whatever the service does for every
 *   exam. A study that cannot be right is refused alone.
 */
export async function takeInStudies(
  repository: Repository,
  request: TakeInStudiesRequest,
  { open, folder }: ObjectsIntake,
): Promise<TakenIn> {
  const { store, inputs } = repository;
  const { branch, settings, batch } = request;
  const identities = await requirePseudonymKey(store, open);
  const { studies } = await listObjects(store);
  const head = await repository.head(branch);
  const refused: { exam: string; reason: string }[] = [];
  const failed: { exam: string; reason: string }[] = [];
  const prepared: Study[] = [];
  let failure: unknown;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of request.exams) {
    const objects = studies.get(name) ?? [];
    const committed = (await inputs.get(rootOf(head, 'exams'), name))?.files ?? [];
    const paths = committed.map(({ path }) => path);
    if (objects.length === 0 || judgeStudy(objects, paths, store.serverTime(), settings).state !== 'ready') continue;
    const temporary = await mkdtemp(join(folder, 'study-'));
    try {
      const study = await prepare(name, objects, temporary);
      if ('reason' in study) refused.push({ exam: name, reason: study.reason });
      else prepared.push(study);
    } catch (error) {
      // No sentence of an error that nobody expected: it may name what it was about.
      failure ??= error;
      failed.push({ exam: name, reason: (error as NodeJS.ErrnoException).code ?? (error as Error).name });
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }
  if (failure !== undefined && prepared.length + refused.length === 0) throw failure;

  async function prepare(
    name: string,
    objects: readonly InboxObject[],
    temporary: string,
  ): Promise<Study | { reason: string }> {
    const wanted = objects.filter(({ sorted: { is } }) => is.kind !== 'left-out');
    const opened = await openObjects(
      store,
      wanted.map(({ file }) => file),
    );
    const local = await download(store, opened, temporary);
    const root = rootOf(head, 'exams');
    const {
      exams,
      refused: reasons,
      leftOut,
    } = await takeInObjects([...local.keys()], {
      identities: identities as Identities,
      folder: join(temporary, 'exams'),
      committed: (exam) => committedObjects(repository, root, exam),
      mayReplace: false,
    });
    const stays = new Set<InboxVersion>();
    for (const [path, reason] of leftOut) {
      const object = local.get(path);
      // The same object sent twice leaves with its twin, and key objects have said what they have to.
      const isDone = reason.startsWith('the same file as') || object === undefined || isRejection(objects, object);
      if (isDone) continue;
      stays.add(object);
      await leaveOut(name, objects, object, reason);
    }
    const [exam] = exams;
    if (exam === undefined) {
      const reason = (reasons[0]?.reason ?? 'None of its images can be taken.').replaceAll(`${temporary}/`, '');
      const files = objects.map(({ file }) => file);
      await recordRefusal(store, { repo: 'dicom', name, files }, reason);
      return { reason };
    }
    const taken = opened.filter((object) => !stays.has(object));
    return { name, taken, ...(await place(repository, exam, rootOf(head, 'exams'))) };
  }

  async function leaveOut(
    exam: string,
    objects: readonly InboxObject[],
    object: InboxVersion,
    reason: string,
  ): Promise<void> {
    const patient = objects.find(({ file }) => file.path === object.path)?.sorted.patient;
    const is = { kind: 'left-out' as const, reason };
    await recordSorted(store, object, { schemaVersion: 1, exam, ...(patient !== undefined && { patient }), is });
  }

  let included: readonly Study[] = [];
  let erased: readonly Study[] = [];
  const what = prepared.length === 1 ? `exam ${prepared[0]?.name}` : `${prepared.length} exams`;
  const details = {
    author: 'inbox',
    message: `Take in ${what} of DICOM objects`,
    by: { kind: 'take-in', batch },
  } as const;
  const change = async (roots: Roots, sequence: number): Promise<Change | undefined> => {
    const names = prepared.map(({ name }) => name);
    const now = await inputs.getMany(rootOf({ roots }, 'exams'), names);
    const erasureOf = await openErasures(store);
    const items = new Map<string, FileEntry[]>();
    const gone: Study[] = [];
    for (const study of prepared) {
      const files = merged(study, now.get(study.name)?.files ?? []);
      if ((await erasureOf({ name: study.name, files: study.taken })) !== undefined) gone.push(study);
      // Incomplete again when the exam was removed from the branch since it was judged.
      else if (viewsWithObjects(files).length === VIEWS.length) items.set(study.name, files);
    }
    included = prepared.filter(({ name }) => items.has(name));
    erased = gone;
    const edited = await withItems(repository, roots, sequence, { repo: 'exams', items, lost: new Set() });
    return edited.roots === undefined ? undefined : { roots: edited.roots };
  };
  const commit = prepared.length === 0 ? undefined : await repository.commitOnto(branch, details, change);
  await removeObjects(
    store,
    included.flatMap(({ taken }) => taken),
  );
  await store.deleteVersions(erased.flatMap(({ copies }) => copies));
  for (const { name } of erased) await identities.forget(name);
  const made = commit ?? (await commitOfBatch(repository, request));
  return { ...(made === undefined ? {} : { commit: made.id }), exams: included.length, refused, failed, flagged: [] };
}

const isRejection = (objects: readonly InboxObject[], { path }: InboxVersion): boolean =>
  objects.some(({ file, sorted }) => file.path === path && sorted.is.kind === 'rejection');

/** Brings objects to this machine, under names that say nothing. */
async function download(
  store: ObjectStore,
  objects: readonly InboxVersion[],
  folder: string,
): Promise<Map<string, InboxVersion>> {
  const local = new Map<string, InboxVersion>();
  for (const [index, object] of objects.entries()) {
    const stream = await store.getStream(object.key, object.versionId);
    // Taken by somebody else meanwhile.
    if (stream === undefined) continue;
    const path = join(folder, `object-${index + 1}`);
    await pipeline(stream, createWriteStream(path, { mode: 0o600 }));
    local.set(path, object);
  }
  return local;
}

/** Writes an exam's objects without identity to where committed files lie. */
async function place(
  { store, inputs }: Repository,
  { exam, files }: ExamOfObjects,
  root: Parameters<Repository['inputs']['get']>[0],
): Promise<Pick<Study, 'files' | 'copies'>> {
  const before = (await inputs.get(root, exam))?.files ?? [];
  const entries: FileEntry[] = [];
  const copies: FileEntry[] = [];
  for (const { path, local } of files) {
    const { body, sha256, size } = await readLocalFile(local);
    const known = before.find((entry) => entry.path === path && entry.sha256 === sha256);
    const isThere = known !== undefined && (await store.head(known.key, known.versionId)) !== undefined;
    if (known !== undefined && isThere) entries.push(known);
    else {
      const { entry } = await storeFile(store, { repo: 'exams', item: exam, path, body, sha256, size });
      entries.push(entry);
      copies.push(entry);
    }
  }
  return { files: entries, copies };
}

/** The exam's files once its study is committed, ordered by path: pictures that it had under its name go. */
function merged({ files }: Study, before: readonly FileEntry[]): FileEntry[] {
  const kept = before.filter(({ path }) => examObject(path) !== undefined && !files.some((file) => file.path === path));
  return [...kept, ...files].sort((a, b) => (a.path < b.path ? -1 : 1));
}
