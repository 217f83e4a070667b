import { VIEWS } from '../../../pipeline/exam.js';
import { LABELS, type Label, VARIANTS, type Variant } from '../../../pipeline/predictions.js';
import { areaUnderCurve, type ScoredCase } from './area-under-curve.js';
import { type Circle, isInside } from './heatmap-marks.js';
import { bootstrapInterval, type Interval, wilsonInterval } from './intervals.js';
import { type LesionKind, MARK_THRESHOLDS, type MeasuredExam, type MeasuredView } from './measured-exam.js';
import { type Reliability, reliability } from './reliability.js';

export interface AucRow {
  readonly variant: Variant;
  /** One label, or both breasts' labels of a kind as one set of cases. */
  readonly label: Label | LesionKind;
  readonly positives: number;
  readonly negatives: number;
  readonly auc: number;
  /** Bootstrap over exams. */
  readonly interval: Interval;
}

/** A share of cases with Wilson's interval. */
export interface Share {
  readonly hits: number;
  readonly cases: number;
  readonly share: number;
  readonly interval: Interval;
}

export interface MarksRow {
  readonly threshold: number;
  /** Views' malignant lesions with a mark inside. */
  readonly marked: Share;
  /** Marks in exams without any lesion, per exam of four views. */
  readonly falseMarks: { readonly exams: number; readonly marks: number; readonly perExam: number; interval: Interval };
}

export interface CalibrationRow extends Reliability {
  readonly variant: Variant;
  readonly kind: LesionKind;
  readonly cases: number;
}

/** Everything that the model card states of an evaluation. */
export interface EvaluationFigures {
  readonly exams: number;
  readonly examsByKind: Readonly<Record<string, number>>;
  readonly auc: readonly AucRow[];
  readonly hits: {
    /** Views that hold a malignant lesion: the malignant heatmap's maximum lies inside one. */
    readonly views: Share;
    /** The same by the lesions' form, for views whose malignant lesions are all of it. */
    readonly byForm: Readonly<Record<string, Share>>;
    /** Breasts with a malignant lesion: the greater of both views' maxima lies inside one. */
    readonly breasts: Share;
  };
  readonly marks: readonly MarksRow[];
  readonly calibration: readonly CalibrationRow[];
}

const KINDS = ['malignant', 'benign'] as const;
const SIDES = ['left', 'right'] as const;
const labelsOf = (kind: LesionKind): Label[] => SIDES.map((side): Label => `${side}_${kind}`);

const casesOf = (exams: readonly MeasuredExam[], variant: Variant, labels: readonly Label[]): ScoredCase[] =>
  exams.flatMap(({ labels: truth, predictions }) =>
    labels.map((label) => ({ positive: truth[label], score: predictions[variant][label] })),
  );

/** The figures of an evaluation, from what was measured of each exam. */
export function evaluationFigures(exams: readonly MeasuredExam[], bootstrapSamples?: number): EvaluationFigures {
  const bootstrap = (units: readonly MeasuredExam[], statistic: (drawn: readonly MeasuredExam[]) => number): Interval =>
    bootstrapInterval(units, statistic, bootstrapSamples === undefined ? {} : { samples: bootstrapSamples });
  const examsByKind: Record<string, number> = {};
  for (const { kind } of exams) examsByKind[kind] = (examsByKind[kind] ?? 0) + 1;

  const auc = VARIANTS.flatMap((variant) =>
    [
      ...KINDS.map((kind) => ({ label: kind, labels: labelsOf(kind) })),
      ...LABELS.map((label) => ({ label, labels: [label] })),
    ].map(({ label, labels }): AucRow => {
      const cases = casesOf(exams, variant, labels);
      const positives = cases.filter(({ positive }) => positive).length;
      return {
        variant,
        label,
        positives,
        negatives: cases.length - positives,
        auc: areaUnderCurve(cases),
        interval: bootstrap(exams, (drawn) => areaUnderCurve(casesOf(drawn, variant, labels))),
      };
    }),
  );

  const normal = exams.filter(({ labels }) => LABELS.every((label) => !labels[label]));
  const marks = MARK_THRESHOLDS.map((threshold): MarksRow => {
    const found = exams.flatMap((exam) =>
      viewsOf(exam).flatMap((view) =>
        malignantOf(view).map((lesion) => marksAt(view, threshold).some((mark) => isInside(mark, lesion))),
      ),
    );
    const falseMarksOf = (exam: MeasuredExam): number =>
      viewsOf(exam).reduce((sum, view) => sum + marksAt(view, threshold).length, 0);
    const perExam = (drawn: readonly MeasuredExam[]): number =>
      drawn.reduce((sum, exam) => sum + falseMarksOf(exam), 0) / drawn.length;
    return {
      threshold,
      marked: shareOf(found),
      falseMarks: {
        exams: normal.length,
        marks: normal.reduce((sum, exam) => sum + falseMarksOf(exam), 0),
        perExam: perExam(normal),
        interval: bootstrap(normal, perExam),
      },
    };
  });

  return {
    exams: exams.length,
    examsByKind,
    auc,
    hits: hitsOf(exams),
    marks,
    calibration: VARIANTS.flatMap((variant) =>
      KINDS.map((kind): CalibrationRow => {
        const cases = casesOf(exams, variant, labelsOf(kind));
        return { variant, kind, cases: cases.length, ...reliability(cases) };
      }),
    ),
  };
}

const viewsOf = (exam: MeasuredExam): MeasuredView[] => VIEWS.map((view) => exam.views[view]);
const malignantOf = (view: MeasuredView) => view.lesions.filter(({ kind }) => kind === 'malignant');
const marksAt = (view: MeasuredView, wanted: number) =>
  view.marks.find(({ threshold }) => threshold === wanted)?.marks ?? [];

function shareOf(outcomes: readonly boolean[]): Share {
  const hits = outcomes.filter(Boolean).length;
  const cases = outcomes.length;
  return { hits, cases, share: hits / cases, interval: wilsonInterval(hits, cases) };
}

function hitsOf(exams: readonly MeasuredExam[]): EvaluationFigures['hits'] {
  const isHit = (view: MeasuredView): boolean =>
    malignantOf(view).some((lesion: Circle) => isInside(view.peak, lesion));
  const views = exams.flatMap(viewsOf).filter((view) => malignantOf(view).length > 0);
  const forms = [...new Set(views.flatMap((view) => malignantOf(view).map(({ form }) => form)))].sort();
  const breasts = exams.flatMap((exam) =>
    (['L', 'R'] as const)
      .map((side) => VIEWS.filter((view) => view.startsWith(side)).map((view) => exam.views[view]))
      .filter((both) => both.some((view) => malignantOf(view).length > 0)),
  );
  return {
    views: shareOf(views.map(isHit)),
    byForm: Object.fromEntries(
      forms.map((form) => [
        form,
        shareOf(views.filter((view) => malignantOf(view).every((lesion) => lesion.form === form)).map(isHit)),
      ]),
    ),
    breasts: shareOf(
      breasts.map((both) => isHit(both.reduce((best, view) => (view.peak.value > best.peak.value ? view : best)))),
    ),
  };
}
