import { readFile } from 'node:fs/promises';
import { examineExamList } from '../imaging/exam-list-pickle.js';
import { readGrey16Png } from '../imaging/grey16-png.js';
import type { MeasuredExam } from '../imaging/quality/check.js';
import { inspectExam } from '../imaging/quality/inspect.js';
import { type MeasuredView, measureView } from '../imaging/quality/measure-view.js';
import { type Mend, mendView } from '../imaging/quality/mend.js';
import { ExamError } from '../pipeline/errors.js';
import { EXAM_LIST_FILE, type HorizontalFlip, VIEWS, type View, viewFile } from '../pipeline/exam.js';
import type { QualitySettings } from '../pipeline/quality-policy.js';
import { type Finding, worstVerdict } from '../pipeline/quality-report.js';
import type { ItemToPut } from '../repos/put-items.js';

/** What would put a view right without losing anything of the breast. A person decides whether it is right. */
export interface MendProposal {
  readonly view: View;
  readonly mends: readonly Mend[];
}

/** An exam on local disk as the quality checks see it. */
export interface InspectedExam {
  readonly exam: string;
  readonly verdict: Finding['verdict'];
  /** What is not as expected, the refusals first. */
  readonly findings: readonly Finding[];
  readonly proposals: readonly MendProposal[];
}

export interface ExamInspection extends InspectedExam {
  readonly measured: MeasuredExam;
}

/**
 * Looks at the pictures of one exam on local disk, one view at a time.
 * @throws ExamError for a file that cannot be read as what it should be.
 */
export async function inspectExamFolder(item: ItemToPut, settings: QualitySettings): Promise<ExamInspection> {
  const horizontalFlip = await horizontalFlipOf(item);
  const measured: Partial<Record<View, MeasuredView>> = {};
  for (const view of VIEWS) {
    measured[view] = measureView(await readGrey16Png(localFile(item, viewFile(view)), { exam: item.name, view }));
  }
  const exam = measured as MeasuredExam;
  const all = inspectExam(exam, horizontalFlip, settings);
  const findings = [
    ...all.filter(({ verdict }) => verdict === 'refuse'),
    ...all.filter(({ verdict }) => verdict === 'warn'),
  ];
  const proposals: MendProposal[] = [];
  for (const view of VIEWS.filter((one) =>
    findings.some((found) => found.view === one && found.verdict === 'refuse'),
  )) {
    const image = await readGrey16Png(localFile(item, viewFile(view)), { exam: item.name, view });
    const { mends } = mendView(image, { view, horizontalFlip }, settings);
    if (mends.length > 0) proposals.push({ view, mends });
  }
  return { exam: item.name, verdict: worstVerdict(all), findings, proposals, measured: exam };
}

/** How an exam's list says that its pictures are stored; `NO` where it has none. */
export async function horizontalFlipOf(item: ItemToPut): Promise<HorizontalFlip> {
  const list = item.files.find(({ path }) => path === EXAM_LIST_FILE);
  return list === undefined ? 'NO' : examineExamList(await readFile(list.local), item.name).horizontalFlip;
}

export function localFile({ name, files }: ItemToPut, path: string): string {
  const file = files.find((one) => one.path === path);
  if (file !== undefined) return file.local;
  throw new ExamError('invalid-exam', `Exam ${name} has no ${path}.`, 'Add it.');
}
