import type { Grey16Image } from '../../../imaging/planes.js';
import type { MeasuredExam } from '../../../imaging/quality/check.js';
import { examFindings, inspectView } from '../../../imaging/quality/inspect.js';
import { measureView } from '../../../imaging/quality/measure-view.js';
import { drawView } from '../../../models/phantom/draw-view.js';
import { STANDARD_MIX } from '../../../models/phantom/mix.js';
import { planExam } from '../../../models/phantom/plan-exam.js';
import { type HorizontalFlip, VIEWS, type View } from '../../../pipeline/exam.js';
import {
  type ExamCheckCode,
  qualityPolicySchema,
  qualitySettings,
  type ViewCheckCode,
} from '../../../pipeline/quality-policy.js';
import type { Finding } from '../../../pipeline/quality-report.js';
import type { Pictures } from '../../support/alterations.js';

const SEED = 830_000;
const drawn = new Map<number, Pictures>();

/** A phantom exam that no model was trained on. Drawn once for all tests of a run; do not write to it. */
export function phantomExam(index = 1): Pictures {
  const known = drawn.get(index);
  if (known !== undefined) return known;
  const plan = planExam(SEED, index, STANDARD_MIX);
  const exam = Object.fromEntries(VIEWS.map((view) => [view, drawView(plan, view)])) as unknown as Pictures;
  drawn.set(index, exam);
  return exam;
}

/** The same, measured. */
export const measuredPhantom = (pictures: Pictures = phantomExam()): MeasuredExam =>
  Object.fromEntries(VIEWS.map((view) => [view, measureView(pictures[view])])) as unknown as MeasuredExam;

export const STRICT = qualitySettings(qualityPolicySchema.parse({}));

/** What one check finds in one picture under the strict policy. */
export function findingIn(
  image: Grey16Image,
  code: ViewCheckCode,
  view: View = 'L_CC',
  horizontalFlip: HorizontalFlip = 'NO',
): Finding {
  const found = inspectView(image, { view, horizontalFlip }, STRICT).find((finding) => finding.code === code);
  if (found === undefined) throw new Error(`there is no check ${code}`);
  return found;
}

/** What one check finds in four pictures together under the strict policy. */
export function findingInExam(pictures: Pictures, code: ExamCheckCode, horizontalFlip: HorizontalFlip = 'NO'): Finding {
  const found = examFindings(measuredPhantom(pictures), horizontalFlip, STRICT).find(
    (finding) => finding.code === code,
  );
  if (found === undefined) throw new Error(`there is no check ${code}`);
  return found;
}
