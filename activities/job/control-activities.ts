import { Context } from '@temporalio/activity';
import type { DeliveryRequest } from '../../pipeline/delivery.js';
import type { JobSummary, Plan, ProcessCommitSettings } from '../../pipeline/job.js';
import { buryRequest } from '../../planning/delivery/deliver-exam.js';
import type { ControlDependencies } from '../dependencies.js';
import { withFailures } from '../failures.js';
import { deliverLanded } from './deliver-landed.js';
import { findLostExams, type LostExam } from './find-lost-exams.js';
import { openJobFiles } from './job-files.js';
import { type Landing, landResults } from './land-results.js';
import { planJob } from './plan-job.js';
import { type OutcomeRequest, type RecordedOutcome, recordOutcome } from './record-outcome.js';
import { recordSummary } from './record-summary.js';
import { type ExamToCompute, type Resolution, resolveKnown, takeRest } from './resolve-known.js';
import { settle } from './settle.js';

export type { RecordedOutcome } from './record-outcome.js';
export type { ExamToCompute } from './resolve-known.js';

/** The bookkeeping around a job: reads and writes small objects, and never touches a pixel. */
export interface ControlActivities {
  planJob(job: string, run: string, settings: ProcessCommitSettings): Promise<Plan>;
  /** Lands what is already known of the exams on these pages, and says which need computing. */
  resolveKnown(job: string, pages: readonly number[]): Promise<Resolution>;
  /** More of what `resolveKnown` left to compute, from the given place on. */
  takeRest(job: string, page: number, from: number): Promise<readonly ExamToCompute[]>;
  recordOutcome(request: OutcomeRequest): Promise<RecordedOutcome>;
  landResults(job: string, branch: string, exams: readonly string[]): Promise<Landing>;
  findLostExams(job: string, exams: readonly string[]): Promise<LostExam[]>;
  /** Puts a delivery that was given up on the list of those that somebody has to look at. */
  buryDelivery(request: DeliveryRequest, reason: string): Promise<void>;
  /** Keeps the job's summary, and remembers the branch as complete where it is. */
  finishJob(summary: JobSummary): Promise<void>;
}

export function createControlActivities({ repository, client, stages }: ControlDependencies): ControlActivities {
  const jobs = openJobFiles(repository.store);
  // What is landed stays landed, whatever becomes of its delivery.
  const delivered = (branch: string, exams: readonly string[]): Promise<void> =>
    deliverLanded({ repository, client }, branch, exams).catch((error) =>
      Context.current().log.warn('deliveries of landed results were not started', { branch, error: String(error) }),
    );
  return {
    planJob: withFailures((job, run, settings) =>
      planJob(repository, stages, { job, run }, settings, (planned) => Context.current().heartbeat({ planned })),
    ),
    resolveKnown: withFailures((job, pages) => resolveKnown(repository, stages, jobs, job, pages, delivered)),
    takeRest: withFailures((job, page, from) => takeRest(repository, job, page, from)),
    recordOutcome: withFailures((request) => recordOutcome(repository, jobs, request)),
    landResults: withFailures(async (job, branch, exams) => {
      const landing = await landResults(repository, stages, job, branch, exams);
      await delivered(
        branch,
        exams.filter((exam) => !landing.dropped.includes(exam)),
      );
      return landing;
    }),
    findLostExams: withFailures((job, exams) => findLostExams(repository, client, jobs, job, exams)),
    buryDelivery: withFailures((request, reason) => buryRequest(repository, request, reason)),
    finishJob: withFailures(async (summary) => {
      await settle(repository, stages, summary.job, summary.branch);
      await recordSummary(repository.store, summary);
    }),
  };
}
