import { ExamError } from './errors.js';
import { VIEWS, type View, viewFile } from './exam.js';
import { checkExamId, examFilesOf, missingViews, numberedFile, viewMeant } from './exam-files.js';
import type { InboxSettings } from './inbox-settings.js';
import { namedFile } from './view-names.js';

/**
 * Where uploads lie until they are taken in: `inbox/exams/<exam>/<file>`, `inbox/models/<bundle>/<file>`, and DICOM objects
 * under any name below `inbox/dicom/`, where what they hold says what they are of.
 */
export const INBOX = 'inbox';
export const INBOX_REPOS = ['exams', 'models', 'dicom'] as const;
export type InboxRepo = (typeof INBOX_REPOS)[number];
/** Where a folder is an exam, or a bundle. */
export type FolderRepo = Exclude<InboxRepo, 'dicom'>;

/** A file that lies in the inbox, by its newest version. Times are milliseconds by the S3 server's clock. */
export interface InboxFile {
  /** Path inside the exam or the bundle. */
  readonly path: string;
  readonly size: number;
  readonly etag: string;
  readonly modified: number;
}

/** What becomes of an exam that lies in the inbox. */
export type ExamArrival = {
  readonly views: readonly View[];
  /** It completes or corrects a committed exam, whose other files it keeps. */
  readonly correction: boolean;
  /** The oldest file's time. */
  readonly since: number;
  /** The views came this far apart, in milliseconds, which is more than is usual of one visit. */
  readonly apart?: number;
} & (
  | { readonly state: 'settling'; readonly readyAt: number }
  | { readonly state: 'ready' }
  | { readonly state: 'incomplete'; readonly missing: readonly View[]; readonly overdue: boolean }
  | { readonly state: 'refused'; readonly reason: string }
);

/**
 * Judges one exam by the names and times of its files. Nothing is opened.
 *
 * ```
 *   all four views here ───────────────────────────── quiet for 2 s ──► ready
 *   some here, the others committed ──────────────── quiet for 60 s ──► ready (correction)
 *   one neither here nor committed ──────────────────────────────────► incomplete
 *   a name that leaves open what is meant ───────────────────────────► refused
 * ```
 *
 * @param committed names of the files that the exam has in the branch's newest commit; none when it is new.
 * @param now the time by the S3 server's clock.
 * @param firstSeen when these very files were first seen together. A multipart upload has the time at which it began, so
 *   that a slow one looks quiet as soon as it is there; a correction has to have been seen for as long as well.
 */
export function judgeExam(
  exam: string,
  files: readonly InboxFile[],
  committed: readonly string[],
  now: number,
  settings: InboxSettings,
  firstSeen = 0,
): ExamArrival {
  const names = files.map(({ path }) => path);
  const times = files.map(timeOf);
  const viewTimes = files.filter(({ path }) => viewMeant(path) !== undefined).map(timeOf);
  const spread = viewTimes.length === 0 ? 0 : Math.max(...viewTimes) - Math.min(...viewTimes);
  const missingHere = missingViews(names);
  const correction = missingHere.length > 0 && committed.length > 0;
  const common = {
    views: VIEWS.filter((view) => !missingHere.includes(view)),
    correction,
    since: Math.min(...files.map(({ modified }) => modified)),
    ...(spread > settings.spreadSeconds * 1_000 ? { apart: spread } : {}),
  };
  const reason = nameProblem(exam, names, correction);
  if (reason !== undefined) return { ...common, state: 'refused', reason };
  const missing = missingViews([...names, ...committed]);
  if (missing.length > 0) {
    const overdue = now - common.since >= settings.reportAfterSeconds * 1_000;
    return { ...common, state: 'incomplete', missing, overdue };
  }
  const readyAt = correction
    ? Math.max(firstSeen, ...times) + settings.correctionQuietSeconds * 1_000
    : Math.max(...times) + settings.quietSeconds * 1_000;
  return readyAt <= now ? { ...common, state: 'ready' } : { ...common, state: 'settling', readyAt };
}

/** What `put` would refuse an exam for by its names alone. */
function nameProblem(exam: string, names: readonly string[], correction: boolean): string | undefined {
  try {
    checkExamId(exam);
    examFilesOf(exam, names);
    const numbered = numberedFile(names);
    if (!correction || numbered === undefined) return undefined;
    // Among four views the number can be compared; a single one could be of another exam.
    const view = viewMeant(numbered) as View;
    return `Exam ${exam} is committed, and ${numbered} may be ${view} of another. Name it ${viewFile(view)} if it is of this one.`;
  } catch (error) {
    if (error instanceof ExamError) return error.sentence;
    throw error;
  }
}

/**
 * The latest time at which a file can have been written. Many servers tell whole seconds, so half a second of quiet
 * must not pass for one and a half.
 */
export const timeOf = ({ modified }: Pick<InboxFile, 'modified'>): number =>
  modified % 1_000 === 0 ? modified + 999 : modified;

/** Whether a file of an exam's folder is looked at: one that may be committed, or for which the exam is refused. */
export const isExamFile = (path: string): boolean => namedFile(path) !== undefined;

/** "25 minutes", for people. */
export function durationText(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1_000);
  if (seconds < 120) return `${seconds} second${seconds === 1 ? '' : 's'}`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} minutes`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`;
}

/** "10:42" of the same day, "2026-11-25 10:42" of another, in the reader's time zone. */
export function sinceText(since: number, now: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = (date: Date): string => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const date = new Date(since);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return day(date) === day(new Date(now)) ? time : `${day(date)} ${time}`;
}

/** One sentence on what an exam in the inbox waits for, or why it is not taken. */
export function arrivalSentence(arrival: ExamArrival, now: number): string {
  if (arrival.state === 'refused') return arrival.reason;
  const apart = arrival.apart === undefined ? '' : ` Its views came ${durationText(arrival.apart)} apart.`;
  if (arrival.state === 'incomplete') {
    return `Waiting for ${arrival.missing.join(', ')} since ${sinceText(arrival.since, now)}.${apart}`;
  }
  if (!arrival.correction) return `Complete, and about to be taken in.${apart}`;
  const what = arrival.views.length === 0 ? 'A file' : arrival.views.join(', ');
  const wait = arrival.state === 'ready' ? 0 : Math.max(0, arrival.readyAt - now);
  return `${what} of a committed exam arrived; taken in after ${durationText(wait)} unless more comes.${apart}`;
}
