import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contactSheet } from '../../imaging/contact-sheet.js';
import { writeRgbPng } from '../../imaging/rgb-png.js';
import { ExamError } from '../../pipeline/errors.js';
import { type QualityPolicy, qualityPolicySchema, qualitySettings } from '../../pipeline/quality-policy.js';
import { findExamFolders } from '../changing/exam-folders.js';
import { type InspectedExam, inspectExamFolder } from '../inspect-exam-folder.js';

export type { InspectedExam, MendProposal } from '../inspect-exam-folder.js';

export interface InspectOptions {
  /** Folders of exams, or folders above them. */
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
  /** Path of the contact sheet. */
  readonly sheet?: string;
}

/**
 * Looks at pictures on local disk before they are put, and commits nothing. Exams come one by one, by name.
 *
 * @throws MammoflowError `not-found` when a path does not exist or holds no exam.
 * @example
 * for await (const { exam, verdict, findings } of mammoflow.inspect({ paths: ['./november'] })) {
 *   console.log(exam, verdict, findings.map(({ message }) => message));
 * }
 */
export async function* inspect(_: unknown, options: InspectOptions): AsyncGenerator<InspectionResult> {
  const { paths, policy = 'strict', sheets, signal } = options;
  const settings = qualitySettings(qualityPolicySchema.parse({ policy }));
  const { exams, refused } = await findExamFolders(paths);
  if (sheets !== undefined) await mkdir(sheets, { recursive: true });
  for (const { exam, reason } of refused) yield { exam, verdict: 'refuse', findings: [], proposals: [], reason };
  for (const item of exams) {
    signal?.throwIfAborted();
    try {
      const { measured, ...inspected } = await inspectExamFolder(item, settings);
      if (sheets === undefined) {
        yield inspected;
        continue;
      }
      const sheet = join(sheets, `${item.name}.png`);
      const { exam, verdict, findings } = inspected;
      await writeFile(sheet, await writeRgbPng(contactSheet({ exam, verdict, findings, measured })));
      yield { ...inspected, sheet };
    } catch (error) {
      if (!(error instanceof ExamError)) throw error;
      yield { exam: item.name, verdict: 'refuse', findings: [], proposals: [], reason: error.sentence };
    }
  }
}
