import { z } from 'zod';
import { VIEWS, type View } from './exam.js';
import { viewsWithObjects } from './exam-objects.js';
import { durationText, type InboxFile, type InboxRepo, sinceText } from './inbox.js';
import type { InboxSettings } from './inbox-settings.js';

/**
 * What one DICOM object of the inbox is, as far as that can be written down beside the data: exam and patient are
 * pseudonyms. An object says it only once it is opened, so it is remembered for exactly this upload.
 */
export const sortedObjectSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** Absent where the object does not even say its study. */
  exam: z.string().optional(),
  patient: z.string().optional(),
  is: z.discriminatedUnion('kind', [
    /** It may stand for this view. */
    z.strictObject({ kind: z.literal('view'), view: z.enum(VIEWS) }),
    /** A key object selection that rejects others. */
    z.strictObject({ kind: z.literal('rejection') }),
    /** Worded to follow the object's name and a colon, or a sentence of its own. */
    z.strictObject({ kind: z.literal('left-out'), reason: z.string() }),
  ]),
});
export type SortedObject = z.infer<typeof sortedObjectSchema>;

/** An object that lies in the inbox. Its path is its whole key, which may tell of a patient and is shown to nobody else. */
export interface InboxObject {
  readonly file: InboxFile;
  readonly sorted: SortedObject;
}

/** What becomes of a study whose objects lie in the inbox. */
export interface StudyArrival {
  readonly state: 'ready' | 'incomplete' | 'refused';
  /** Views for which there are objects here. */
  readonly here: readonly View[];
  readonly missing: readonly View[];
  /** The oldest object's time. */
  readonly since: number;
  /** Some images of the exam are committed. */
  readonly correction: boolean;
  readonly overdue: boolean;
  readonly sentence: string;
}

/** Reasons told one by one; the rest is counted. */
const REASONS = 3;

/**
 * Judges the objects of one study. An exam is taken in as soon as there is an image of each of the four views, here or
 * committed: what comes later supersedes, so there is nothing to wait for.
 *
 * @param committed paths of the files that the exam has in the branch's newest commit.
 * @param now the time by the S3 server's clock.
 */
export function judgeStudy(
  objects: readonly InboxObject[],
  committed: readonly string[],
  now: number,
  settings: InboxSettings,
): StudyArrival {
  const views = new Set(objects.flatMap(({ sorted: { is } }) => (is.kind === 'view' ? [is.view] : [])));
  const before = viewsWithObjects(committed.map((path) => ({ path })));
  const missing = VIEWS.filter((view) => !views.has(view) && !before.includes(view));
  const since = Math.min(...objects.map(({ file }) => file.modified));
  const correction = before.length > 0;
  const leftOut = leftOutText(objects);
  const common = { here: VIEWS.filter((view) => views.has(view)), missing, since, correction, overdue: false };
  const patients = new Set(objects.flatMap(({ sorted: { patient } }) => patient ?? []));
  if (patients.size > 1) {
    const sentence =
      'Objects of more than one patient have its Study Instance UID. Correct them at their source, dismiss these, and send the study again.';
    return { ...common, state: 'refused', sentence };
  }
  const rejects = objects.some(({ sorted: { is } }) => is.kind === 'rejection');
  if (views.size === 0 && (correction || !rejects)) {
    const late = rejects
      ? 'A key object selection rejects images of this exam, which is committed: remove the exam, and send its study without them.'
      : 'There is no image here that can be taken.';
    return { ...common, state: 'refused', sentence: `${late}${leftOut}` };
  }
  if (missing.length > 0) {
    const overdue = now - since >= settings.reportAfterSeconds * 1_000;
    const sentence = `Waiting for ${missing.join(', ')} since ${sinceText(since, now)}.${leftOut}`;
    return { ...common, state: 'incomplete', overdue, sentence };
  }
  const sentence = correction
    ? `${common.here.join(', ')} of a committed exam arrived, about to be taken in.${leftOut}`
    : `Complete, and about to be taken in.${leftOut}`;
  return { ...common, state: 'ready', sentence };
}

/** " Left out: 4 × raw data (FOR PROCESSING)." with a space before it; empty where nothing is. */
function leftOutText(objects: readonly InboxObject[]): string {
  const counts = new Map<string, number>();
  for (const { sorted } of objects) {
    if (sorted.is.kind !== 'left-out') continue;
    const reason = sorted.is.reason.replace(/\.$/, '');
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  if (counts.size === 0) return '';
  const told = [...counts].slice(0, REASONS).map(([reason, count]) => (count === 1 ? reason : `${count} × ${reason}`));
  const more = counts.size > REASONS ? `; and ${counts.size - REASONS} other reasons` : '';
  return ` Left out: ${told.join('; ')}${more}.`;
}

/** Why objects cannot be looked at for now: there is no key for pseudonyms where they are taken in, or another one. */
export const objectsHoldSchema = z.strictObject({
  schemaVersion: z.literal(1),
  reason: z.string(),
  time: z.iso.datetime(),
});
export type ObjectsHold = z.infer<typeof objectsHoldSchema>;

/** The name under which objects are told that nobody has opened yet. */
export const UNSORTED = 'unsorted';

/** What is told of objects that nobody has opened yet. */
export function unsortedSentence(count: number, since: number, now: number, hold: ObjectsHold | undefined): string {
  const what = count === 1 ? 'One object waits' : `${count} objects wait`;
  return hold === undefined
    ? `${what} to be opened, for ${durationText(now - since)}.`
    : `${what} since ${sinceText(since, now)}: ${hold.reason}`;
}

/** The name under which an object is told that is of no study: `object-` and digits of its upload's fingerprint. */
export const strangerNameOf = (fingerprint: string): string => `object-${fingerprint.slice(0, 12)}`;

/** Whether an item of the inbox is an exam, of pictures or of DICOM objects. */
export const isExamItem = ({ repo, name }: { readonly repo: InboxRepo; readonly name: string }): boolean =>
  repo === 'exams' || (repo === 'dicom' && name !== UNSORTED && !name.startsWith(strangerNameOf('')));
