import type { HorizontalFlip, View } from '../../pipeline/exam.js';
import type { ModelReference } from '../../pipeline/model-reference.js';
import type { ExamCheckCode, ViewCheckCode } from '../../pipeline/quality-policy.js';
import type { MeasuredView } from './measure-view.js';

/** Which view a picture is said to show, and how the exam is said to be stored. */
export interface ViewSubject {
  readonly view: View;
  readonly horizontalFlip: HorizontalFlip;
  /** What the pictures were like that the model was made for, where its bundle says so. */
  readonly reference?: ModelReference | undefined;
}

/** One thing that a view is looked at for. */
export interface ViewCheck {
  readonly code: ViewCheckCode;
  /** @returns undefined where the picture gives nothing to measure; then another check has seen why. */
  measure(measured: MeasuredView, subject: ViewSubject): number | undefined;
  /** Why there was nothing to measure, where that is worth saying. */
  unmeasured?(subject: ViewSubject): string | undefined;
  /** What is wrong with a picture whose value is out of bounds: a sentence without the value. */
  fault(measured: MeasuredView, subject: ViewSubject, value: number): string;
  /** What to do about it, as an imperative sentence. */
  readonly next: string;
}

export type MeasuredExam = Readonly<Record<View, MeasuredView>>;

/** One thing that the four views are looked at for together. */
export interface ExamCheck {
  readonly code: ExamCheckCode;
  measure(exam: MeasuredExam, horizontalFlip: HorizontalFlip): number | undefined;
  fault(exam: MeasuredExam, value: number): string;
  readonly next: string;
}
