import type { Json } from '../../pipeline/canonical-json.js';
import { type JobSummary, jobSummarySchema } from '../../pipeline/job.js';
import { readJson, writeJson } from '../../repos/json-objects.js';
import { jobSummaryKey } from '../../repos/layout.js';
import type { ObjectStore } from '../../repos/object-store.js';

/**
 * Keeps a job's summary. That of a job that was completed stays: whoever resets its workflow in Temporal has it run again
 * from the middle, where everything is known already, and its account of that would be wrong.
 */
export async function recordSummary(store: ObjectStore, summary: JobSummary): Promise<void> {
  const key = jobSummaryKey(summary.job);
  const earlier = await readJson(store, key, jobSummarySchema);
  if (earlier?.status === 'completed') return;
  await writeJson(store, key, summary as unknown as Json);
}
