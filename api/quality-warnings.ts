import { type QualityWarning, toldWarnings } from '../pipeline/quality-report.js';
import type { FoundWarnings } from '../repos/headlines.js';

const UNKNOWN: QualityWarning = {
  code: 'quality-unknown',
  message: 'What the quality checks found is gone from the bucket.',
};

/**
 * What the quality checks warn of, from what they made of an exam.
 * @param found of each stage that looked; none where the exam was processed before there were checks.
 */
export function warningsOf(found: readonly FoundWarnings[] = []): readonly QualityWarning[] {
  return found.flatMap((one) => ('missing' in one ? [UNKNOWN] : toldWarnings(one.stage, one.summary)));
}
