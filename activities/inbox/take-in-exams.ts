import pLimit from 'p-limit';
import { checkExamFile, checkExamFileSize } from '../../imaging/check-exam-file.js';
import type { Commit, FileEntry } from '../../pipeline/commit.js';
import { ExamError } from '../../pipeline/errors.js';
import { lostListRemark, missingViews } from '../../pipeline/exam-files.js';
import { durationText, judgeExam } from '../../pipeline/inbox.js';
import type { InboxSettings } from '../../pipeline/inbox-settings.js';
import { committedName } from '../../pipeline/view-names.js';
import { type SeenCorrections, shortFingerprint } from '../../planning/look-into-inbox.js';
import { copyFile } from '../../repos/committed-files.js';
import { openErasures } from '../../repos/erasures.js';
import { existingKeys } from '../../repos/existing-keys.js';
import { sha256Hex } from '../../repos/hash.js';
import { type InboxVersion, openInboxItem, recordRefusal, removeFromInbox } from '../../repos/inbox.js';
import { fileKey } from '../../repos/layout.js';
import type { ObjectStore } from '../../repos/object-store.js';
import { withItems } from '../../repos/put-items.js';
import { type Change, type Repository, type Roots, rootOf } from '../../repos/repository.js';

export interface TakeInRequest {
  readonly branch: string;
  readonly exams: readonly string[];
  readonly settings: InboxSettings;
  /** The files of exams that are corrections, as the look saw them: others wait for the next look. */
  readonly seen: SeenCorrections;
  /** The same for every attempt, and for no other request. */
  readonly batch: string;
  /** Sequence number of the branch's newest commit before the first attempt; -1 when it had none. */
  readonly after: number;
}

/** What came of taking exams in. */
export interface TakenIn {
  /** The commit that holds them; absent when all of it was committed already, or nothing could be taken. */
  readonly commit?: string;
  /** Exams that are out of the inbox now. */
  readonly exams: number;
  readonly refused: readonly { readonly exam: string; readonly reason: string }[];
  /** Exams that stay because a service failed for them, as of an object that may not be read: others go on. */
  readonly failed: readonly { readonly exam: string; readonly reason: string }[];
  /** What is to be looked at in exams that were taken in, as that their views came far apart: sentences. */
  readonly flagged: readonly string[];
}

/** Files read and checked at once: they are held whole, and the largest has 144 MiB. */
const READS = 4;
const REQUESTS = 16;
const FLAGS_IN_MESSAGE = 5;

interface Exam {
  readonly name: string;
  readonly taken: readonly InboxVersion[];
  /** All four views lie in the inbox: they replace the exam as a whole. Otherwise it keeps its other files. */
  readonly whole: boolean;
  readonly files: readonly FileEntry[];
  /** Those of `files` that this attempt copied, or an earlier one that died. */
  readonly copies: readonly FileEntry[];
  /** Versions of committed files that the bucket has lost and that came again. */
  readonly lost: readonly string[];
  /** What is to be looked at, although it is taken in: sentences. */
  readonly flags: readonly string[];
}

/**
 * `Promise.all` that fails only when every promise has ended. A copy that still went on when its attempt had failed would be
 * made once more by the next attempt, which cannot see it yet.
 */
async function allEnded<Value>(promises: readonly Promise<Value>[]): Promise<Value[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

/**
 * Moves complete exams from the inbox into one commit:
 *
 * ```
 *   list versions ─► check ─► copy to exams/ ─► commit ─► remove these versions from the inbox
 *                      └─► refuse: remembered for these files, which stay
 * ```
 *
 * Each step is found done when it is repeated: copies are recognised by their bytes, a commit of the same content is
 * none, and its id is found by the batch. So whoever dies in between loses nothing and doubles nothing. A file that is
 * replaced meanwhile stays in the inbox, and so does an exam that is erased or not complete any more.
 *
 * @throws whatever the service does for every exam; an exam that cannot be right is refused alone.
 */
export async function takeInExams(repository: Repository, request: TakeInRequest): Promise<TakenIn> {
  const { store, inputs } = repository;
  const { branch, settings, batch } = request;
  const head = await repository.head(branch);
  const root = rootOf(head, 'exams');
  const committed = await inputs.getMany(root, request.exams);
  const existing = await existingKeys(store, 'exams', request.exams, root.files);
  const read = pLimit(READS);
  const limit = pLimit(REQUESTS);
  const refused: { exam: string; reason: string }[] = [];
  const erasedBefore = await openErasures(store);

  async function prepare(name: string): Promise<Exam | undefined> {
    const files = await limit(() => openInboxItem(store, 'exams', name));
    if (files.length === 0 || (await erasedBefore({ name, files })) !== undefined) return undefined;
    const before = committed.get(name)?.files ?? [];
    const arrival = judgeExam(
      name,
      files,
      before.map(({ path }) => path),
      store.serverTime(),
      settings,
    );
    if (arrival.state !== 'ready') return undefined;
    if (arrival.correction && request.seen[name]?.files !== shortFingerprint(files)) return undefined;
    try {
      const names = files.map(({ path }) => path);
      for (const { path, size } of files) checkExamFileSize(name, path, size);
      // All of it before anything is copied: a refused exam leaves nothing behind.
      const checked = await allEnded(files.map((file) => read(() => checkedFile(store, name, file, names))));
      const copied = await allEnded(files.map((file, index) => place(name, file, checked[index]?.sha256, before)));
      if (copied.some((file) => file === undefined)) {
        await refuseIfStuck(name, files, 'its files are listed, but cannot be read by their versions');
        return undefined;
      }
      const entries = copied as PreparedFile[];
      const whole = missingViews(names).length === 0;
      const now = entries.map(({ entry }) => entry);
      const lost = whole ? lostListRemark(name, before, now) : undefined;
      return {
        name,
        taken: files,
        whole,
        files: now,
        copies: entries.flatMap(({ entry, copied: isCopy }) => (isCopy ? [entry] : [])),
        lost: entries.flatMap(({ lost }) => lost ?? []),
        flags: [
          ...(arrival.apart === undefined
            ? []
            : [`The views of exam ${name} came ${durationText(arrival.apart)} apart.`]),
          ...checked.flatMap((file) => file?.remarks ?? []),
          ...(lost === undefined ? [] : [lost]),
        ],
      };
    } catch (error) {
      if (!(error instanceof ExamError)) throw error;
      refused.push({ exam: name, reason: error.sentence });
      await recordRefusal(store, { repo: 'exams', name, files }, error.sentence);
      return undefined;
    }
  }

  /** An attempt that moved nothing, and left all as it was, would be followed by another just like it without end. */
  async function refuseIfStuck(name: string, files: readonly InboxVersion[], why: string): Promise<void> {
    const now = await openInboxItem(store, 'exams', name);
    const isTheSame = now.length > 0 && now.every(({ key, versionId }) => hasVersion(files, key, versionId));
    if (!isTheSame) return;
    const reason = `Exam ${name} cannot be moved out of the inbox: ${why}. Upload it again under another name, and take it out with \`mammoflow inbox dismiss ${name}\` or your own S3 client.`;
    refused.push({ exam: name, reason });
    await recordRefusal(store, { repo: 'exams', name, files: now }, reason);
  }

  /** Undefined when the version is gone from the inbox. */
  async function place(
    exam: string,
    { path: uploaded, key, versionId, size }: InboxVersion,
    sha256: string | undefined,
    before: readonly FileEntry[],
  ): Promise<PreparedFile | undefined> {
    const path = committedName(uploaded);
    if (sha256 === undefined || path === undefined) return undefined;
    return limit(async () => {
      const known = before.find((entry) => entry.path === path && entry.sha256 === sha256);
      const isThere = known !== undefined && (await store.head(known.key, known.versionId)) !== undefined;
      if (known !== undefined && isThere) return { entry: known, copied: false };
      const isNew = !existing.has(fileKey('exams', exam, path));
      const from = { key, versionId };
      const entry = await copyFile(store, { repo: 'exams', item: exam, path, from, sha256, size, isNew });
      return entry && { entry, copied: true, ...(known === undefined ? {} : { lost: known.versionId }) };
    });
  }

  // As within an exam: nothing of this attempt must go on beside the next one.
  const settled = await Promise.allSettled(request.exams.map(prepare));
  const prepared: Exam[] = [];
  const failed: { exam: string; reason: string }[] = [];
  for (const [index, one] of settled.entries()) {
    if (one.status === 'rejected') failed.push({ exam: request.exams[index] as string, reason: String(one.reason) });
    else if (one.value !== undefined) prepared.push(one.value);
  }
  const broken = settled.find((one) => one.status === 'rejected');
  if (broken !== undefined && prepared.length + refused.length === 0) throw broken.reason;
  const flagged = flagsOf(prepared);

  let included: readonly Exam[] = [];
  let erased: readonly Exam[] = [];
  const details = { author: 'inbox', message: messageOf(prepared, flagged), by: { kind: 'take-in', batch } } as const;
  const change = async (roots: Roots, sequence: number): Promise<Change | undefined> => {
    const names = prepared.map(({ name }) => name);
    const now = await inputs.getMany(rootOf({ roots }, 'exams'), names);
    const erasureOf = await openErasures(store);
    const items = new Map<string, FileEntry[]>();
    const gone: Exam[] = [];
    for (const exam of prepared) {
      const files = merged(exam, now.get(exam.name)?.files ?? []);
      if ((await erasureOf({ name: exam.name, files: exam.taken })) !== undefined) gone.push(exam);
      // Incomplete again when the exam was removed from the branch since it was judged.
      else if (missingViews(files.map(({ path }) => path)).length === 0) items.set(exam.name, files);
    }
    included = prepared.filter(({ name }) => items.has(name));
    erased = gone;
    const lost = new Set(included.flatMap((exam) => exam.lost));
    const edited = await withItems(repository, roots, sequence, { repo: 'exams', items, lost });
    return edited.roots === undefined ? undefined : { roots: edited.roots };
  };
  const commit = prepared.length === 0 ? undefined : await repository.commitOnto(branch, details, change);

  await removeFromInbox(
    store,
    included.flatMap(({ taken }) => taken),
  );
  await store.deleteVersions(erased.flatMap(({ copies }) => copies));
  const made = commit ?? (await commitOfBatch(repository, request));
  if (made === undefined) {
    for (const { name, taken } of included)
      await refuseIfStuck(name, taken, 'it is committed already, and the bucket goes on listing its files');
  }
  return {
    ...(made === undefined ? {} : { commit: made.id }),
    exams: included.length,
    refused,
    failed,
    flagged: flagsOf(included),
  };
}

/**
 * Reads a file of the inbox and checks it as `put` does. Undefined when the version is gone.
 * @throws ExamError when it cannot be right.
 */
async function checkedFile(
  store: ObjectStore,
  exam: string,
  { path, key, versionId }: InboxVersion,
  beside: readonly string[],
): Promise<{ sha256: string; remarks: readonly string[] } | undefined> {
  const bytes = (await store.get(key, versionId))?.bytes;
  if (bytes === undefined) return undefined;
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const remarks = await checkExamFile(exam, path, content, beside);
  return { sha256: sha256Hex(bytes), remarks };
}

const hasVersion = (files: readonly InboxVersion[], key: string, versionId: string): boolean =>
  files.some((file) => file.key === key && file.versionId === versionId);

interface PreparedFile {
  readonly entry: FileEntry;
  readonly copied: boolean;
  /** The version that the bucket has lost and that this file replaces. */
  readonly lost?: string;
}

/** The exam's files once its upload is committed, ordered by path. */
function merged({ whole, files }: Exam, before: readonly FileEntry[]): FileEntry[] {
  const kept = whole ? [] : before.filter(({ path }) => !files.some((file) => file.path === path));
  return [...kept, ...files].sort((a, b) => (a.path < b.path ? -1 : 1));
}

const flagsOf = (exams: readonly Exam[]): string[] => exams.flatMap(({ flags }) => flags);

function messageOf(exams: readonly Exam[], flagged: readonly string[]): string {
  const what = exams.length === 1 ? `exam ${exams[0]?.name}` : `${exams.length} exams`;
  return [`Take in ${what}`, ...flagged.slice(0, FLAGS_IN_MESSAGE)].join('. ');
}

/** The commit that an earlier attempt at the same batch made before it died. */
export async function commitOfBatch(
  repository: Repository,
  { branch, batch, after }: Pick<TakeInRequest, 'branch' | 'batch' | 'after'>,
): Promise<Commit | undefined> {
  let commit = await repository.head(branch);
  while (commit !== undefined && commit.sequence > after) {
    if (commit.by.kind === 'take-in' && commit.by.batch === batch) return commit;
    commit = await repository.parent(commit);
  }
  return undefined;
}
