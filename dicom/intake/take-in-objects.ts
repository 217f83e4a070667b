import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ExamError } from '../../pipeline/errors.js';
import { VIEWS, type View, viewFile } from '../../pipeline/exam.js';
import { LARGEST_OBJECT, objectPath, viewsWithObjects } from '../../pipeline/exam-objects.js';
import { decodedText } from '../data-set/character-sets.js';
import { type DicomObject, readHead, readWhole, tooLarge } from '../data-set/read-object.js';
import { text } from '../data-set/values.js';
import { deidentify } from '../deidentify/deidentify.js';
import { standardView } from '../exam/choose-views.js';
import type { Identities } from '../identity/identities.js';
import { identityOf, type ObjectIdentity, pixelFormatOf } from '../image/describe-image.js';
import { KEY_OBJECT_SELECTION } from '../image/image-kind.js';
import { deviceName } from '../policies/pixel-policy.js';
import { rejectedBy } from './read-key-objects.js';

/** An exam of DICOM objects, without identity, on local disk. */
export interface ExamOfObjects {
  readonly exam: string;
  readonly files: readonly { readonly path: string; readonly local: string }[];
}

export interface Intake {
  readonly exams: readonly ExamOfObjects[];
  readonly refused: readonly { readonly exam: string; readonly reason: string }[];
  /** Files that are no view, by path, each with what it is; worded to follow the path and a colon. */
  readonly leftOut: ReadonlyMap<string, string>;
  readonly remarks: readonly string[];
}

export interface IntakeOptions {
  readonly identities: Identities;
  /** An empty folder for what is made. */
  readonly folder: string;
  /** What the exam has already, so that later images may complete or replace some of its views. */
  readonly committed: (exam: string) => Promise<CommittedObjects>;
  /** Whether an instance that is committed may get another content. Whoever puts it says so; a sender may only be mistaken. */
  readonly mayReplace: boolean;
}

/** The committed objects of an exam. */
export interface CommittedObjects {
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  /** The pseudonym that they have for their patient; absent where there are none. */
  readonly patient?: string | undefined;
}

/** What is known of a file without its pixels. */
interface Seen extends ObjectIdentity {
  readonly file: string;
  readonly patient: string;
  readonly accession: string | undefined;
  readonly device: string;
  readonly view: View;
}

/** All that may stand for a view: which of them does is chosen by the stage that reads them. */
const EVERYTHING = { implantDisplaced: true, generated: true };

/**
 * Makes exams of DICOM files: groups them by study, leaves out with a reason what can be no view, and takes the identity from
 * the rest. An exam is one study; it has to have an image for each of the four views. One study that cannot be right is
 * refused alone.
 */
export async function takeInObjects(files: readonly string[], options: IntakeOptions): Promise<Intake> {
  const { pseudonyms } = options.identities;
  const leftOut = new Map<string, string>();
  const studies = new Map<string, Seen[]>();
  const patients = new Map<string, Set<string>>();
  const rejected = new Set<string>();
  for (const file of [...files].sort()) {
    try {
      const { object, identity } = await readIdentity(file);
      const { StudyInstanceUID: study } = identity;
      // Whatever the object is, it says whose the study is.
      patients.set(study, (patients.get(study) ?? new Set()).add(patientOf(object)));
      if (identity.SOPClassUID === KEY_OBJECT_SELECTION) for (const uid of rejectedBy(object)) rejected.add(uid);
      const shown = standardView(object, EVERYTHING);
      if ('reason' in shown) leftOut.set(file, shown.reason);
      else studies.set(study, [...(studies.get(study) ?? []), seenOf(file, object, identity, shown.view)]);
    } catch (error) {
      if (!(error instanceof ExamError)) throw error;
      leftOut.set(file, error.sentence);
    }
  }
  const exams: ExamOfObjects[] = [];
  const refused: { exam: string; reason: string }[] = [];
  for (const [study, seen] of studies) {
    const exam = pseudonyms.exam(study);
    try {
      if ((patients.get(study)?.size ?? 0) > 1) {
        throw new ExamError(
          'invalid-exam',
          `Exam ${exam} has objects of more than one patient under one Study Instance UID.`,
          'Correct them at their source; none of them is taken.',
        );
      }
      exams.push(await makeExam(exam, seen, rejected, leftOut, options));
    } catch (error) {
      if (!(error instanceof ExamError)) throw error;
      refused.push({ exam, reason: error.sentence });
    }
  }
  return { exams, refused, leftOut, remarks: sharedAccessions(studies, pseudonyms.exam) };
}

/** What one object is, without its pixels, in pseudonyms. `kind` says whether it may be a view, or rejects others. */
export interface SortedHead {
  readonly exam: string;
  readonly patient: string;
  readonly is:
    | { readonly kind: 'view'; readonly view: View }
    | { readonly kind: 'rejection' }
    | { readonly kind: 'left-out'; readonly reason: string };
}

/**
 * Sorts an object by its head.
 * @throws ExamError for one that does not even say its study.
 */
export function sortHead(object: DicomObject, { pseudonyms }: Identities): SortedHead {
  const identity = identityOf(object, 'It');
  const [id, issuer] = JSON.parse(patientOf(object)) as [string, string];
  const sorted = { exam: pseudonyms.exam(identity.StudyInstanceUID), patient: pseudonyms.patient(id, issuer) };
  if (identity.SOPClassUID === KEY_OBJECT_SELECTION && rejectedBy(object).length > 0) {
    return { ...sorted, is: { kind: 'rejection' } };
  }
  const shown = standardView(object, EVERYTHING);
  if ('reason' in shown) return { ...sorted, is: { kind: 'left-out', reason: shown.reason } };
  try {
    seenOf('', object, identity, shown.view);
    return { ...sorted, is: { kind: 'view', view: shown.view } };
  } catch (error) {
    if (!(error instanceof ExamError)) throw error;
    return { ...sorted, is: { kind: 'left-out', reason: error.sentence } };
  }
}

async function readIdentity(file: string): Promise<{ object: DicomObject; identity: ObjectIdentity }> {
  const object = await readHead(file, 'It');
  if (object.size > LARGEST_OBJECT) throw tooLarge('It', object.size);
  return { object, identity: identityOf(object, 'It') };
}

const patientOf = ({ dataSet }: DicomObject): string =>
  JSON.stringify([text(dataSet, 'PatientID') ?? '', text(dataSet, 'IssuerOfPatientID') ?? '']);

function seenOf(file: string, object: DicomObject, identity: ObjectIdentity, view: View): Seen {
  // An object whose pixels cannot be read is told of now, and not by a job.
  pixelFormatOf(object, 'It');
  const { dataSet } = object;
  return {
    ...identity,
    file,
    view,
    patient: patientOf(object),
    accession: text(dataSet, 'AccessionNumber'),
    device: deviceName(text(dataSet, 'Manufacturer'), text(dataSet, 'ManufacturerModelName')),
  };
}

async function makeExam(
  exam: string,
  seen: readonly Seen[],
  rejected: ReadonlySet<string>,
  leftOut: Map<string, string>,
  { identities, folder, committed, mayReplace }: IntakeOptions,
): Promise<ExamOfObjects> {
  const taken: Seen[] = [];
  const hashes = new Map<string, { hash: string; file: string }>();
  for (const one of seen) {
    if (rejected.has(one.SOPInstanceUID)) {
      leftOut.set(one.file, 'rejected by a key object selection');
      continue;
    }
    const hash = await hashOf(one.file);
    const before = hashes.get(one.SOPInstanceUID);
    if (before === undefined) {
      hashes.set(one.SOPInstanceUID, { hash, file: one.file });
      taken.push(one);
    } else if (before.hash === hash) leftOut.set(one.file, `the same file as ${before.file}`);
    else {
      throw new ExamError(
        'invalid-exam',
        `Exam ${exam} has one SOP instance with two contents: ${before.file} and ${one.file}.`,
        'Send the right one; an instance never changes under its UID.',
        one.view,
      );
    }
  }
  const earlier = await committed(exam);
  requireSamePatient(exam, taken, earlier, identities);
  const files: { path: string; local: string }[] = [];
  const uids: Record<string, string> = {};
  const unreadable: string[] = [];
  let identity: Awaited<ReturnType<typeof clean>>['identity'] | undefined;
  for (const one of taken) {
    // One image that cannot be read harms no other: its view may have a second one.
    const made = await clean(one, identities).catch((error: unknown) => {
      if (!(error instanceof ExamError)) throw error;
      leftOut.set(one.file, error.sentence);
      unreadable.push(error.message);
      return undefined;
    });
    if (made === undefined) continue;
    const { instance } = made;
    const path = objectPath({ view: one.view, device: one.device, instance });
    const before = mayReplace ? undefined : earlier.files.find((file) => file.path === path);
    if (before !== undefined && before.sha256 !== sha256(made.bytes)) {
      leftOut.set(
        one.file,
        'its SOP instance is committed with another content, and an instance never changes under its UID',
      );
      continue;
    }
    const local = join(folder, exam, path);
    await mkdir(dirname(local), { recursive: true });
    await writeFile(local, made.bytes);
    files.push({ path, local });
    uids[instance] = one.SOPInstanceUID;
    uids[identities.pseudonyms.uid(one.SeriesInstanceUID)] = one.SeriesInstanceUID;
    identity = made.identity;
  }
  const views = viewsWithObjects([...files, ...earlier.files]);
  const missing = VIEWS.filter((view) => !views.includes(view));
  if (missing.length > 0) {
    throw new ExamError(
      'invalid-exam',
      [`Exam ${exam} has no image for ${missing.join(', ')}.`, ...unreadable].join(' '),
      `Put the study again with ${missing
        .map(viewFile)
        .map((name) => name.slice(0, -4))
        .join(' and ')}.`,
      missing[0],
    );
  }
  if (identity !== undefined) await identities.remember({ schemaVersion: 1, exam, ...identity, uids });
  return { exam, files };
}

/** Under one Study Instance UID a second patient is a mistake, also where the first one's images are committed. */
function requireSamePatient(
  exam: string,
  taken: readonly Seen[],
  { patient }: CommittedObjects,
  { pseudonyms }: Identities,
): void {
  const isOther = ({ patient: said }: Seen): boolean => {
    const [id, issuer] = JSON.parse(said) as [string, string];
    return pseudonyms.patient(id, issuer) !== patient;
  };
  if (patient === undefined || !taken.some(isOther)) return;
  throw new ExamError(
    'invalid-exam',
    `Exam ${exam} is committed with images of another patient under the same Study Instance UID.`,
    'Correct the objects at their source; none of them is taken.',
  );
}

/** An object without identity, and what it said of its patient. */
async function clean(one: Seen, { pseudonyms }: Identities) {
  const object = await readWhole(one.file, `${one.view}'s object`);
  const { dataSet } = object;
  const issuer = text(dataSet, 'IssuerOfPatientID');
  return {
    ...deidentify(object, pseudonyms, `${one.view}'s object`),
    identity: {
      study: one.StudyInstanceUID,
      patientId: text(dataSet, 'PatientID') ?? '',
      ...(issuer === undefined ? {} : { issuer }),
      ...(one.accession === undefined ? {} : { accession: one.accession }),
      ...said('patientName', decodedText(dataSet, 'PatientName')),
      ...said('birthDate', text(dataSet, 'PatientBirthDate')),
      ...said('sex', text(dataSet, 'PatientSex')),
      ...said('studyId', decodedText(dataSet, 'StudyID')),
      ...said('referringPhysician', decodedText(dataSet, 'ReferringPhysicianName')),
    },
  };
}

const said = (name: string, value: string | undefined): Record<string, string> =>
  value === undefined ? {} : { [name]: value };

/** Two studies under one accession number may be right, or one exam in two parts: whoever puts them is told. */
function sharedAccessions(studies: ReadonlyMap<string, readonly Seen[]>, examOf: (study: string) => string): string[] {
  const byAccession = new Map<string, Set<string>>();
  for (const [study, seen] of studies) {
    for (const { accession, patient } of seen) {
      if (accession === undefined) continue;
      const key = JSON.stringify([patient, accession]);
      byAccession.set(key, (byAccession.get(key) ?? new Set()).add(examOf(study)));
    }
  }
  return [...byAccession.values()]
    .filter((exams) => exams.size > 1)
    .map(
      (exams) =>
        `${[...exams].sort().join(' and ')} are studies under one accession number; each is an exam of its own`,
    );
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const hashOf = async (path: string): Promise<string> => sha256(await readFile(path));
