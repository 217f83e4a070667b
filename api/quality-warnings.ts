import type { QualityWarning } from '../pipeline/quality-report.js';
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
  return found.flatMap((one) => {
    if ('missing' in one) return [UNKNOWN];
    const { warnings, more } = one.summary;
    if (more === undefined) return warnings;
    return [...warnings, { code: 'more', message: `And ${more} more: see the stage ${one.stage}.` }];
  });
}
