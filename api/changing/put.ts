import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Commit, DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { lostListRemark } from '../../pipeline/exam-files.js';
import { isOfObjects } from '../../pipeline/exam-objects.js';
import { eraOf, useBundle } from '../../planning/use-bundle.js';
import { readPipeline } from '../../repos/pipeline-repo.js';
import { type ItemToPut, type PutProgress, type PutResult, putItems } from '../../repos/put-items.js';
import { rootOf } from '../../repos/repository.js';
import type { Session } from '../session.js';
import { type ExamFolders, findExamFolders, type RefusedExam } from './exam-folders.js';
import { findDicomFiles } from './find-dicom-files.js';
import { type CommitOptions, type Committed, NO_JOB, startIfWanted, startJobAfter } from './follow-up.js';
import type { RefusedBundle } from './open-bundles.js';

export type { PutProgress } from '../../repos/put-items.js';

export interface PutOptions extends CommitOptions {
  readonly repo: string;
  /** Folders of exams or bundles, or folders above them; of DICOM, files, folders that hold them at any depth, and ZIP archives. */
  readonly paths: readonly string[];
  /** Models only: use the bundle for all exams, or for new and changed ones. */
  readonly for?: 'all' | 'new' | undefined;
  readonly onProgress?: (progress: PutProgress) => void;
  /** Told what the quality checks will say of some of the exams, before anything is committed. */
  readonly onRemark?: (remark: string) => void;
}

/** An exam or a bundle that was not committed, and why. */
export type Refusal = RefusedExam | RefusedBundle;

export interface PutOutcome extends Committed {
  readonly repo: string;
  readonly changed: readonly string[];
  /** The bundle that new exams are processed with from now on, or null when there is none yet. */
  readonly inUse: string | null;
  readonly refused: readonly Refusal[];
  /** Files and folders that are no part of an exam. */
  readonly leftOut: readonly string[];
  /** What each of them is, by its path; absent when there are none. */
  readonly leftOutReasons?: Readonly<Record<string, string>>;
  /** What is to be known of exams that were put all the same, as sentences; absent when there is nothing. */
  readonly remarks?: readonly string[];
  /** What the quality checks will say of some of the exams, as sentences; absent when they will say nothing. */
  readonly pictures?: readonly string[];
}

/**
 * Uploads folders of exams or bundles, commits them in one commit, and starts the job that follows. Nothing is uploaded
 * twice, so it may be repeated after an interruption. Where everything is there already, a job is started all the same
 * if exams want something.
 *
 * @param options.repo `exams` or `models`.
 * @throws MammoflowError `invalid-argument` for another repo; `not-found` when a path does not exist or holds nothing
 *   that can be put; `invalid-bundle` when no bundle can be. One exam or bundle of several that cannot be right is
 *   refused alone, with its reason.
 * @example
 * const { commit, job, refused } = await mammoflow.put({ repo: 'exams', paths: ['./november'], message: 'November' });
 */
export async function put(session: Session, options: PutOptions): Promise<PutOutcome> {
  if (options.repo === 'exams') return putExams(session, options);
  if (options.repo === 'models') return putModels(session, options);
  throw new MammoflowError(
    'invalid-argument',
    `${options.repo} is no repo that takes files.`,
    'Put into `exams` or `models`.',
  );
}

async function putExams(session: Session, options: PutOptions): Promise<PutOutcome> {
  if (options.for !== undefined) throw new MammoflowError('invalid-argument', '--for is for models.', 'Leave it out.');
  const temporary = await mkdtemp(join(tmpdir(), 'mammoflow-put-'));
  try {
    return await putFound(session, options, await findExams(session, options, temporary));
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Exams of folders of pictures, and of DICOM files. */
async function findExams(session: Session, options: PutOptions, temporary: string): Promise<ExamFolders> {
  const { objects, others } = await findDicomFiles(options.paths, join(temporary, 'unpacked'));
  if (objects.length === 0) return findExamFolders(others);
  const { examsOfObjects } = await import('./exams-of-objects.js');
  const ofObjects = await examsOfObjects(session, objects, options.branch ?? DEFAULT_BRANCH, join(temporary, 'exams'));
  if (others.length === 0) return ofObjects;
  const folders = await findExamFolders(others);
  const isTaken = (path: string): boolean => objects.includes(path);
  return {
    exams: [...folders.exams, ...ofObjects.exams],
    refused: [...folders.refused, ...ofObjects.refused],
    leftOut: [...folders.leftOut.filter((path) => !isTaken(path)), ...ofObjects.leftOut].sort(),
    leftOutReasons: { ...folders.leftOutReasons, ...ofObjects.leftOutReasons },
    remarks: [...folders.remarks, ...ofObjects.remarks],
  };
}

async function putFound(session: Session, options: PutOptions, found: ExamFolders): Promise<PutOutcome> {
  const { exams, refused, leftOut, leftOutReasons } = found;
  const remarks = [...found.remarks, ...(await lostLists(session, options.branch ?? DEFAULT_BRANCH, exams))];
  const pictures = exams.filter(({ files }) => !isOfObjects(files));
  const seen = pictures.length === 0 ? [] : await (await import('./look-at-pictures.js')).lookAtPictures(pictures);
  for (const remark of seen) options.onRemark?.(remark);
  const { branch = DEFAULT_BRANCH, message = `Put ${nameOrCount(exams, 'exam')}`, onProgress } = options;
  const result =
    exams.length === 0
      ? { commit: undefined, changed: [] }
      : await putItems(session.repository, {
          branch,
          repo: 'exams',
          items: exams,
          details: { author: session.author, message, by: { kind: 'put' } },
          ...(onProgress === undefined ? {} : { onProgress }),
        });
  const committed = await processIfAsked(session, result, options);
  return {
    repo: 'exams',
    ...committed,
    refused,
    leftOut,
    ...(leftOut.length > 0 && { leftOutReasons }),
    ...(remarks.length > 0 && { remarks }),
    ...(seen.length > 0 && { pictures: seen }),
  };
}

/** Exams that are to be replaced by ones without their exam lists, as sentences. */
async function lostLists({ repository }: Session, branch: string, exams: readonly ItemToPut[]): Promise<string[]> {
  const root = rootOf(await repository.head(branch), 'exams');
  const names = exams.map(({ name }) => name);
  const committed = await repository.inputs.getMany(root, names);
  return exams.flatMap(({ name, files }) => lostListRemark(name, committed.get(name)?.files ?? [], files) ?? []);
}

async function putModels(session: Session, options: PutOptions): Promise<PutOutcome> {
  // Trying networks needs the runtime, which exams do without.
  const { bundleFolders, openBundles } = await import('./open-bundles.js');
  const temporary = await mkdtemp(join(tmpdir(), 'mammoflow-bundle-'));
  try {
    const { bundles, refused } = await openBundles(await bundleFolders(options.paths), temporary);
    if (options.for !== undefined && bundles.length + refused.length > 1) {
      throw new MammoflowError(
        'invalid-argument',
        `--for takes one bundle, and there are ${bundles.length + refused.length}.`,
        'Put the one to use by itself.',
      );
    }
    const items = bundles.map(({ item }) => item);
    const { branch = DEFAULT_BRANCH, message = `Put ${nameOrCount(items, 'bundle')}`, onProgress } = options;
    const result = await putItems(session.repository, {
      branch,
      repo: 'models',
      items,
      details: { author: session.author, message, by: { kind: 'put' } },
      editPipeline: (document, stored, sequence) =>
        bundles.reduce((edited, { item: { name }, bundle }) => {
          const item = stored.find((candidate) => candidate.name === name);
          return item === undefined ? edited : useBundle(edited, eraOf(bundle, item), sequence, options.for);
        }, document),
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    return { repo: 'models', ...(await processIfAsked(session, result, options)), refused, leftOut: [] };
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

const nameOrCount = (items: readonly ItemToPut[], what: string): string =>
  items.length === 1 ? `${what} ${items[0]?.name}` : `${items.length} ${what}s`;

type Followed = Pick<PutOutcome, 'commit' | 'job' | 'held' | 'changed' | 'inUse'>;

async function processIfAsked(
  session: Session,
  { commit, changed }: PutResult,
  options: CommitOptions,
): Promise<Followed> {
  const { repository } = session;
  const { branch = DEFAULT_BRANCH, process: asked = true } = options;
  if (commit === undefined) {
    const head = await repository.head(branch);
    const inUse = head === undefined ? null : await bundleInUse(session, head);
    // What an earlier put committed may never have been processed.
    const followUp = head === undefined || inUse === null ? NO_JOB : await startIfWanted(session, head, options);
    return { commit: null, ...followUp, changed, inUse };
  }
  const inUse = await bundleInUse(session, commit);
  const made = { commit: commit.id, changed, inUse };
  if (!asked || inUse === null || rootOf(commit, 'exams').items === 0) return { ...made, job: null };
  const before = await repository.parent(commit);
  const affected = (repo: string): boolean => rootOf(commit, repo).tree !== rootOf(before, repo).tree;
  // A bundle that is not in use changes no results.
  if (!affected('exams') && !affected('pipeline')) return { ...made, job: null };
  return { ...made, ...(await startJobAfter(session, commit, branch)) };
}

/** The bundle that new exams are processed with at a commit; null when there is none yet. */
async function bundleInUse({ repository }: Session, commit: Commit): Promise<string | null> {
  return (await readPipeline(repository, commit)).eras.at(-1)?.bundle ?? null;
}
