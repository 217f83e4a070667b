import { ExamError } from '../pipeline/errors.js';

/** What to say of an object that is refused: its file's name, or a number; never what it says of a patient. */
export interface ObjectName {
  readonly what: string;
}

/**
 * A DICOM object that is not what the standard says, so that no byte of it can be trusted.
 * @param problem follows the object's name, e.g. `is cut short: …`.
 */
export const invalidObject = (
  what: string,
  problem: string,
  next = 'Export it from its source again, and send it once more.',
  cause?: unknown,
): ExamError => new ExamError('invalid-dicom', `${what} ${problem}.`, next, undefined, { cause });

/** An object that is in order, and that mammoflow cannot read exactly. */
export const unsupportedObject = (what: string, problem: string, next: string, cause?: unknown): ExamError =>
  new ExamError('unsupported-dicom', `${what} ${problem}.`, next, undefined, { cause });
