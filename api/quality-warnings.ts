import { QUALITY_STAGE, type QualityWarning } from '../pipeline/quality-report.js';
import type { FoundWarnings } from '../repos/headlines.js';

const UNKNOWN: QualityWarning = {
  code: 'quality-unknown',
  message: 'What the quality checks found is gone from the bucket.',
};

/**
 * What the quality checks warn of, from what they made of an exam.
 * @param found none where it was processed before there were checks.
 */
export function warningsOf(found: FoundWarnings | undefined): readonly QualityWarning[] {
  if (found === undefined) return [];
  if ('missing' in found) return [UNKNOWN];
  const { warnings, more } = found.summary;
  if (more === undefined) return warnings;
  return [...warnings, { code: 'more', message: `And ${more} more: see the stage ${QUALITY_STAGE}.` }];
}
