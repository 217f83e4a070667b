import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contactSheet } from '../../imaging/contact-sheet.js';
import { writeRgbPng } from '../../imaging/rgb-png.js';
import { ExamError, MammoflowError } from '../../pipeline/errors.js';
import { type QualityPolicy, qualityPolicySchema, qualitySettings } from '../../pipeline/quality-policy.js';
import type { ItemToPut } from '../../repos/put-items.js';
import { findExamFolders } from '../changing/exam-folders.js';
import { findDicomFiles } from '../changing/find-dicom-files.js';
import { type InspectedExam, inspectExamFolder } from '../inspect-exam-folder.js';
import { studiesOnDisk } from '../views-of-objects.js';

export type { InspectedExam, MendProposal } from '../inspect-exam-folder.js';

export interface InspectOptions {
  /** Folders of exams, or folders above them; of DICOM, files, folders that hold them at any depth, and ZIP archives. */
  readonly paths: readonly string[];
  /** By which policy the pictures are judged; `strict` unless said. */
  readonly policy?: QualityPolicy['policy'];
  /** Where a contact sheet of each exam is written, `<exam>.png`: four views, verdicts, histograms. None unless said. */
  readonly sheets?: string | undefined;
  readonly signal?: AbortSignal;
}

/** What was found of one exam. Without findings where its files cannot be taken, whose reason is then given. */
export interface InspectionResult extends InspectedExam {
  readonly reason?: string;
  /** What is to be known all the same, as sentences: of a device that no policy names. */
  readonly remarks?: readonly string[];
  /** Path of the contact sheet. */
  readonly sheet?: string;
}

/**
 * Looks at pictures on local disk before they are put, and commits nothing. Exams come one by one, by name; studies of DICOM
 * files after them, as `study-1` and so on, with the views that the build's own policies for devices make of them.
 *
 * @throws MammoflowError `not-found` when a path does not exist or holds no exam.
 * @example
 * for await (const { exam, verdict, findings } of mammoflow.inspect({ paths: ['./november'] })) {
 *   console.log(exam, verdict, findings.map(({ message }) => message));
 * }
 */
export async function* inspect(_: unknown, options: InspectOptions): AsyncGenerator<InspectionResult> {
  const { paths, sheets } = options;
  if (sheets !== undefined) await mkdir(sheets, { recursive: true });
  const temporary = await mkdtemp(join(tmpdir(), 'mammoflow-inspect-'));
  try {
    const { objects, others } = await findDicomFiles(paths, join(temporary, 'unpacked'));
    if (others.length > 0) yield* inspectFolders(others, options);
    if (objects.length > 0) yield* inspectStudies(objects, temporary, options);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function* inspectFolders(paths: readonly string[], options: InspectOptions): AsyncGenerator<InspectionResult> {
  const { exams, refused } = await findExamFolders(paths);
  for (const { exam, reason } of refused) yield refusal(exam, reason);
  for (const item of exams) {
    options.signal?.throwIfAborted();
    yield await inspectOne(item.name, async () => ({ item, remarks: [] }), options);
  }
}

async function* inspectStudies(
  files: readonly string[],
  temporary: string,
  options: InspectOptions,
): AsyncGenerator<InspectionResult> {
  const { studies, leftOut } = await studiesOnDisk(files, temporary);
  if (studies.length === 0) {
    const [reason] = leftOut.values();
    throw new MammoflowError('not-found', `No DICOM file there is a view of a study${reason ? `: ${reason}` : ''}.`);
  }
  for (const { exam, reason, views } of studies) {
    options.signal?.throwIfAborted();
    if (views === undefined) yield refusal(exam, reason ?? 'It cannot be read.');
    // Pictures are mended; what the pixels of a device mean is said by `device set`.
    else yield { ...(await inspectOne(exam, views, options)), proposals: [] };
  }
}

const refusal = (exam: string, reason: string): InspectionResult => ({
  ...{ exam, verdict: 'refuse', findings: [], proposals: [], reason },
});

async function inspectOne(
  exam: string,
  pictures: () => Promise<{ readonly item: ItemToPut; readonly remarks: readonly string[] }>,
  { policy = 'strict', sheets }: InspectOptions,
): Promise<InspectionResult> {
  const settings = qualitySettings(qualityPolicySchema.parse({ policy }));
  try {
    const { item, remarks } = await pictures();
    const { measured, ...found } = await inspectExamFolder(item, settings);
    const inspected = { ...found, ...(remarks.length > 0 && { remarks }) };
    if (sheets === undefined) return inspected;
    const sheet = join(sheets, `${exam}.png`);
    const { verdict, findings } = inspected;
    await writeFile(sheet, await writeRgbPng(contactSheet({ exam, verdict, findings, measured })));
    return { ...inspected, sheet };
  } catch (error) {
    if (!(error instanceof ExamError)) throw error;
    return refusal(exam, error.sentence);
  }
}
