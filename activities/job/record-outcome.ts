import type { OutcomeItem, StageItem } from '../../pipeline/commit.js';
import { graphDigest } from '../../pipeline/datum.js';
import { isLasting, MammoflowError } from '../../pipeline/errors.js';
import type { ExamOutcome, StageReport, StageStatus } from '../../pipeline/job.js';
import { readDatumRecord } from '../../repos/datum-records.js';
import { isErased, readErasure } from '../../repos/erasures.js';
import { writeOutcome } from '../../repos/exam-outcomes.js';
import { sha256Hex } from '../../repos/hash.js';
import type { Repository } from '../../repos/repository.js';
import type { JobFiles } from './job-files.js';

export interface OutcomeRequest {
  readonly job: string;
  readonly page: number;
  readonly exam: string;
  readonly stages: Readonly<Record<string, StageReport>>;
}

/** Nothing is recorded of an exam that was erased while the job had it. */
export interface RecordedOutcome {
  readonly forgotten: boolean;
}

/**
 * Writes what became of one exam in a job to S3, where landing finds it. It is written before the parent is told, so
 * that a lost signal loses nothing. Of an exam that was erased meanwhile nothing is written, and nothing lands.
 */
export async function recordOutcome(
  repository: Repository,
  jobs: JobFiles,
  request: OutcomeRequest,
): Promise<RecordedOutcome> {
  const settings = await jobs.settings(request.job);
  const planned = await jobs.exam(request.job, request.page, request.exam);
  const erasure = await readErasure(repository.store, request.exam);
  if (erasure !== undefined && isErased(erasure, planned.files)) return { forgotten: true };
  const stages: Record<string, StageItem> = {};
  for (const [stage, report] of Object.entries(request.stages)) {
    if (report.datum === undefined) continue;
    const record = await readDatumRecord(repository.store, stage, request.exam, report.datum);
    if (record === undefined) {
      throw new MammoflowError(
        'missing-object',
        `The record of ${stage} for exam ${request.exam} is gone from the bucket.`,
      );
    }
    stages[stage] = {
      name: request.exam,
      files: record.files,
      datum: record.key,
      job: record.job,
    };
  }
  const failed = Object.entries(request.stages).find(([, report]) => report.status === 'failed');
  const outcome: OutcomeItem = {
    name: request.exam,
    files: [],
    wanted: planned.wanted,
    graph: graphDigest(settings.graph, sha256Hex),
    outcome: failed === undefined ? 'processed' : 'failed',
    bundle: settings.eras[planned.era]?.bundle ?? '',
    job: request.job,
    ...(failed === undefined ? {} : { stage: failed[0], reason: failed[1].reason ?? 'The reason was not recorded.' }),
  };
  const statuses = Object.fromEntries(
    Object.entries(request.stages).map(([stage, report]): [string, StageStatus] => [stage, report.status]),
  );
  const document: ExamOutcome = { schemaVersion: 1, outcome, statuses, stages };
  const failures = Object.values(request.stages).filter(({ status }) => status === 'failed');
  await writeOutcome(repository.store, request.job, document, { lasts: failures.every(({ code }) => isLasting(code)) });
  return { forgotten: false };
}
