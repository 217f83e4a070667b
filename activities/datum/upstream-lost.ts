import { ExamError } from '../../pipeline/errors.js';

/**
 * What an earlier stage made for the exam is gone from the bucket or damaged. Waiting would not bring it back: the
 * workflow has that stage look at its output again, which computes it, and then tries this one once more.
 */
export class UpstreamLost extends ExamError {
  constructor(
    /** The stage whose record or file it is. */
    readonly upstream: string,
    code: 'missing-object' | 'corrupt-data',
    message: string,
    exam: string,
    options?: { cause?: unknown },
  ) {
    super(code, message, `Run \`mammoflow process --only ${exam}\`.`, undefined, options);
  }
}
