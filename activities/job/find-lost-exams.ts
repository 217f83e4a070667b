import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import pLimit from 'p-limit';
import type { ExamOutcome, ExamReport } from '../../pipeline/job.js';
import { isOpen } from '../../planning/open-executions.js';
import { isErased, readErasure } from '../../repos/erasures.js';
import { readJobOutcome } from '../../repos/exam-outcomes.js';
import type { Repository } from '../../repos/repository.js';
import type { JobFiles } from './job-files.js';

/** An exam whose child workflow is over without the parent having heard of it. */
export interface LostExam {
  readonly exam: string;
  /** The report, where the child had finished and only its signal was lost. */
  readonly report?: ExamReport;
  /** Otherwise how the child ended, as a sentence. */
  readonly reason?: string;
}

const CONCURRENCY = 16;

/** Looks for children that ended without a word: terminated, timed out, or their signal lost. */
export async function findLostExams(
  repository: Repository,
  client: Client,
  jobs: JobFiles,
  job: string,
  exams: readonly string[],
): Promise<LostExam[]> {
  const limit = pLimit(CONCURRENCY);
  const looked = await Promise.all(exams.map((exam) => limit(() => look(repository, client, jobs, job, exam))));
  return looked.filter((lost) => lost !== undefined);
}

async function look(
  repository: Repository,
  client: Client,
  jobs: JobFiles,
  job: string,
  exam: string,
): Promise<LostExam | undefined> {
  let status: string;
  try {
    status = (await client.workflow.getHandle(`${job}/${exam}`).describe()).status.name;
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    status = 'NOT_FOUND';
  }
  if (isOpen(status)) return undefined;
  const outcome = await readJobOutcome(repository.store, job, exam);
  if (outcome !== undefined) return { exam, report: reportOf(exam, outcome) };
  // Erasing ends what the exam was doing.
  if (await isForgotten(repository, jobs, job, exam))
    return { exam, report: { exam, outcome: 'forgotten', stages: {} } };
  const ended = status === 'NOT_FOUND' ? 'was never created' : `ended as ${status.toLowerCase()}`;
  return {
    exam,
    reason: `The workflow of exam ${exam} ${ended} before it finished. Run \`mammoflow process --only failed\`.`,
  };
}

/** Whether the files that a job has of an exam were erased. The plan says which they are. */
async function isForgotten(repository: Repository, jobs: JobFiles, job: string, exam: string): Promise<boolean> {
  const erasure = await readErasure(repository.store, exam);
  if (erasure === undefined) return false;
  const planned = await jobs.find(job, exam);
  return planned !== undefined && isErased(erasure, planned.files);
}

function reportOf(exam: string, { outcome, statuses }: ExamOutcome): ExamReport {
  const skipped = Object.values(statuses).every((status) => status === 'skipped');
  return {
    exam,
    outcome: outcome.outcome === 'failed' ? 'failed' : skipped ? 'skipped' : 'processed',
    stages: statuses,
    ...(outcome.reason === undefined ? {} : { reason: outcome.reason }),
  };
}
