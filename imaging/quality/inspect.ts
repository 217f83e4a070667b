import { type HorizontalFlip, VIEWS, type View } from '../../pipeline/exam.js';
import type { ModelReference } from '../../pipeline/model-reference.js';
import { type CheckCode, type CheckSetting, type QualitySettings, verdictOf } from '../../pipeline/quality-policy.js';
import type { Finding } from '../../pipeline/quality-report.js';
import type { Grey16Image } from '../planes.js';
import { backgroundLevel } from './background-level.js';
import { backgroundNoise } from './background-noise.js';
import { backgroundShare } from './background-share.js';
import { breastCut } from './breast-cut.js';
import { breastShare } from './breast-share.js';
import { breastSize } from './breast-size.js';
import { brightObject } from './bright-object.js';
import { byteOrder } from './byte-order.js';
import type { ExamCheck, MeasuredExam, ViewCheck, ViewSubject } from './check.js';
import { chestWallSide } from './chest-wall-side.js';
import { clipping } from './clipping.js';
import { counterpart, smallerSide } from './counterpart.js';
import { facing } from './facing.js';
import { film } from './film.js';
import { frame } from './frame.js';
import { greyLevels } from './grey-levels.js';
import { type MeasuredView, measureView } from './measure-view.js';
import { modelPixels } from './model-pixels.js';
import { noise } from './noise.js';
import { objects } from './objects.js';
import { orientation } from './orientation.js';
import { outline } from './outline.js';
import { pictureSize } from './picture-size.js';
import { polarity } from './polarity.js';
import { samePicture } from './same-picture.js';
import { saturation } from './saturation.js';
import { secondBreast } from './second-breast.js';
import { sharpness } from './sharpness.js';
import { upsideDown } from './upside-down.js';
import { viewPosition } from './view-position.js';
import { visits } from './visits.js';

/** Every check of a view, those first that explain what the later ones find: a wrong byte order is also rough. */
export const viewChecks: readonly ViewCheck[] = [
  byteOrder,
  polarity,
  backgroundShare,
  backgroundLevel,
  backgroundNoise,
  frame,
  greyLevels,
  saturation,
  clipping,
  breastShare,
  orientation,
  chestWallSide,
  upsideDown,
  breastCut,
  secondBreast,
  objects,
  film,
  brightObject,
  outline,
  sharpness,
  noise,
  modelPixels,
];

export const examChecks: readonly ExamCheck[] = [
  facing,
  samePicture,
  viewPosition,
  counterpart,
  breastSize,
  pictureSize,
  visits,
];

/** What the checks find in one view that was measured. Checks that are off are left out. */
export function viewFindings(measured: MeasuredView, subject: ViewSubject, settings: QualitySettings): Finding[] {
  return viewChecks.flatMap((check) =>
    finding(check, settings[check.code], check.measure(measured, subject), {
      view: subject.view,
      unmeasured: check.unmeasured?.(subject),
      fault: (value) => check.fault(measured, subject, value),
    }),
  );
}

/** What the checks find in the four views together. */
export function examFindings(exam: MeasuredExam, horizontalFlip: HorizontalFlip, settings: QualitySettings): Finding[] {
  return examChecks.flatMap((check) =>
    finding(check, settings[check.code], check.measure(exam, horizontalFlip), {
      fault: (value) => check.fault(exam, value),
    }),
  );
}

/** Looks at one decoded view, as it lies on disk. */
export function inspectView(image: Grey16Image, subject: ViewSubject, settings: QualitySettings): Finding[] {
  return viewFindings(measureView(image), subject, settings);
}

/** What is left after a mastectomy is small and of any shape. */
const OF_A_REMNANT: ReadonlySet<CheckCode> = new Set([
  'breast-share',
  'breast-cut',
  'upside-down',
  'outline',
  'view-position',
]);

/** Looks at a whole exam that was measured view by view (`measureView`), so that no two pictures need be held at once. */
export function inspectExam(
  exam: MeasuredExam,
  horizontalFlip: HorizontalFlip,
  settings: QualitySettings,
  reference?: ModelReference,
): Finding[] {
  const ofExam = examFindings(exam, horizontalFlip, settings);
  const ofViews = VIEWS.flatMap((view) => viewFindings(exam[view], { view, horizontalFlip, reference }, settings));
  const isWithout = ofExam.some(({ code, verdict }) => code === 'counterpart' && verdict !== 'ok');
  if (!isWithout) return [...ofViews, ...ofExam];
  const remnant = smallerSide(exam);
  return [...ofViews, ...ofExam].map((found): Finding => {
    const isOfRemnant = found.view === undefined || (found.view.startsWith(remnant) && found.value !== 0);
    return isOfRemnant && OF_A_REMNANT.has(found.code) && found.verdict === 'refuse'
      ? { ...found, verdict: 'warn' }
      : found;
  });
}

interface Told {
  readonly view?: View;
  readonly unmeasured?: string | undefined;
  fault(value: number): string;
}

function finding(
  { code, next }: ViewCheck | ExamCheck,
  setting: CheckSetting,
  measured: number | undefined,
  { view, unmeasured = 'There was nothing to measure.', fault }: Told,
): Finding[] {
  if (setting.action === 'off') return [];
  const value = measured === undefined ? undefined : Number(measured.toPrecision(4));
  const verdict = verdictOf(value, setting);
  const isFault = verdict !== 'ok' && value !== undefined;
  return [
    {
      code,
      ...(view === undefined ? {} : { view }),
      ...(value === undefined ? {} : { value }),
      expected: [...setting.expected],
      ...(setting.action === 'refuse' ? { accepted: [...setting.accepted] as Finding['expected'] } : {}),
      verdict,
      message: isFault ? fault(value) : value === undefined ? unmeasured : 'As expected.',
      ...(isFault ? { next } : {}),
    },
  ];
}
