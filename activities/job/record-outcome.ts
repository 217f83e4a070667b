import type { OutcomeItem, StageItem } from '../../pipeline/commit.js';
import { examGraphDigest } from '../../pipeline/datum.js';
import { isLasting, MammoflowError } from '../../pipeline/errors.js';
import { graphFor, isOfObjects } from '../../pipeline/exam-objects.js';
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
  // A job that has exams of DICOM objects, too, runs the stage that reads them for every exam; a folder of pictures has none.
  const own = new Set(graphFor(settings.graph, isOfObjects(planned.files)).map(({ name }) => name));
  const reports = Object.entries(request.stages).filter(([stage]) => own.has(stage));
  for (const [stage, report] of reports) {
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
  const failed = reports.find(([, report]) => report.status === 'failed');
  const outcome: OutcomeItem = {
    name: request.exam,
    files: [],
    wanted: planned.wanted,
    graph: examGraphDigest(settings.graph, planned, sha256Hex),
    outcome: failed === undefined ? 'processed' : 'failed',
    bundle: settings.eras[planned.era]?.bundle ?? '',
    job: request.job,
    ...(failed === undefined ? {} : { stage: failed[0], reason: failed[1].reason ?? 'The reason was not recorded.' }),
  };
  const statuses = Object.fromEntries(reports.map(([stage, report]): [string, StageStatus] => [stage, report.status]));
  const document: ExamOutcome = { schemaVersion: 1, outcome, statuses, stages };
  const failures = Object.values(request.stages).filter(({ status }) => status === 'failed');
  await writeOutcome(repository.store, request.job, document, { lasts: failures.every(({ code }) => isLasting(code)) });
  return { forgotten: false };
}
