import type { StageItem } from '../pipeline/commit.js';
import { QUALITY_STAGE, type QualityWarning, qualitySummarySchema } from '../pipeline/quality-report.js';
import { readDatumRecord } from '../repos/datum-records.js';
import type { ObjectStore } from '../repos/object-store.js';

const UNKNOWN: QualityWarning = {
  code: 'quality-unknown',
  message: 'What the quality checks found is gone from the bucket.',
};

/**
 * What the quality checks warn of, from what they made of an exam.
 * @param checked the exam's item in the repo of the checks; none where it was processed before there were checks.
 */
export async function readWarnings(
  store: ObjectStore,
  checked: StageItem | undefined,
): Promise<readonly QualityWarning[]> {
  if (checked === undefined) return [];
  const record = await readDatumRecord(store, QUALITY_STAGE, checked.name, checked.datum);
  const summary = qualitySummarySchema.safeParse(record?.summary).data;
  if (summary === undefined) return [UNKNOWN];
  const { warnings, more } = summary;
  if (more === undefined) return warnings;
  return [...warnings, { code: 'more', message: `And ${more} more: see the stage ${QUALITY_STAGE}.` }];
}
