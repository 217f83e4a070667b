import { type FileTrace, traceFile } from '../provenance/trace-file.js';
import type { Session } from '../session.js';
import { type ExplainOptions, explain } from './explain.js';

export type { FileTrace } from '../provenance/trace-file.js';

export interface TraceOptions extends ExplainOptions {
  /** `<stage>/<file>`. */
  readonly file: string;
}

export interface TracedFile extends FileTrace {
  readonly exam: string;
  readonly commit: string;
}

/**
 * Traces one output of an exam to everything it comes from, back to the object versions that people put.
 *
 * @throws MammoflowError `not-found` naming what there is instead.
 * @example
 * const { from } = await mammoflow.trace({ exam: 'exam-17', file: 'classify/predictions.json' });
 */
export async function trace(session: Session, options: TraceOptions): Promise<TracedFile> {
  const explanation = await explain(session, options);
  return { exam: options.exam, commit: explanation.commit.id, ...traceFile(explanation, options.file) };
}
