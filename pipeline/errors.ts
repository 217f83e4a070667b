/** Codes never change once released: scripts and dashboards match on them. */
export type ErrorCode =
  | 'invalid-argument'
  | 'invalid-configuration'
  | 'invalid-exam'
  | 'invalid-image'
  | 'invalid-exam-list'
  | 'invalid-dicom'
  | 'unsupported-dicom'
  | 'invalid-bundle'
  | 'invalid-checkpoint'
  | 'invalid-pipeline'
  | 'breast-not-found'
  | 'view-too-small'
  | 'quality-refused'
  | 'no-model'
  | 'not-found'
  | 'unknown-reference'
  | 'branch-moved'
  | 'corrupt-data'
  | 'damaged-plan'
  | 'missing-object'
  | 'service-unavailable'
  | 'stage-unavailable'
  | 'worker-crashed'
  | 'worker-killed'
  | 'unsupported-model-input'
  | 'inference-failed'
  | 'job-failed';

/**
 * Faults of the exam's own files. The same stages find them again in the same files, whereas other failures (a worker
 * that ran out of memory, a file gone from the bucket) may be over the next time.
 */
const LASTING_CODES: ReadonlySet<string> = new Set<ErrorCode>([
  'invalid-exam',
  'invalid-image',
  'invalid-exam-list',
  'invalid-dicom',
  'breast-not-found',
  'view-too-small',
  'quality-refused',
]);

/** Whether an exam that failed with this code fails again until its files or what is wanted of it change. */
export const isLasting = (code: string | undefined): boolean => code !== undefined && LASTING_CODES.has(code);

/**
 * An error a person can act on: a code that never changes, one sentence of what is wrong, and what to do next.
 * Everything mammoflow throws on purpose is one of these; anything else is a defect.
 */
export class MammoflowError extends Error {
  override readonly name: string = 'MammoflowError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    /** What the reader should do about it, as an imperative sentence. */
    readonly next?: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }

  /** The message and the advice in one line. */
  get sentence(): string {
    return this.next === undefined ? this.message : `${this.message} ${this.next}`;
  }
}

/**
 * Something is wrong with one exam's own data, so trying again cannot help. The only kind of error that is final
 * for a datum: everything else is retried.
 */
export class ExamError extends MammoflowError {
  override readonly name: string = 'ExamError';

  constructor(
    code: ErrorCode,
    message: string,
    next?: string,
    /** The view at fault (`L_CC`…), where it is one view. */
    readonly view?: string,
    options?: { cause?: unknown },
  ) {
    super(code, message, next, options);
  }
}
