import pLimit from 'p-limit';
import type { ExamOutcome, PlannedExam } from '../../pipeline/job.js';
import { readKnownOutcome } from '../../repos/exam-outcomes.js';
import type { Repository } from '../../repos/repository.js';
import type { StageDefinition } from '../stage.js';
import type { JobFiles } from './job-files.js';
import { type Landing, landOutcomes } from './land-results.js';

/** Records read at once. */
const CONCURRENCY = 32;

/** What a stretch of a plan's pages came to. */
export interface Resolution extends Landing {
  /** Exams whose results were known and are landed now, or dropped. */
  readonly resolved: number;
  /** How many of those are known to fail. Absent in results of builds before failures were remembered. */
  readonly failed?: number;
  /** Exams that need a child workflow. */
  readonly rest: readonly ExamToCompute[];
}

export interface ExamToCompute {
  readonly exam: string;
  readonly bundle: string;
  readonly page: number;
  readonly replay: boolean;
}

/**
 * Lands, in one commit, the exams of some pages whose results are known already from another commit, branch or job: a
 * revert or a model put back starts no child and computes nothing. Exams that the job was asked for by name get a child
 * all the same, which looks whether every file is still there and makes again what is not. A known failure counts only
 * in a job for whatever is affected: whoever names a scope wants it tried again.
 */
export async function resolveKnown(
  repository: Repository,
  definitions: readonly StageDefinition[],
  jobs: JobFiles,
  job: string,
  pages: readonly number[],
): Promise<Resolution> {
  const settings = await jobs.settings(job);
  const limit = pLimit(CONCURRENCY);
  const { only } = settings;
  const known: ExamOutcome[] = [];
  const rest: ExamToCompute[] = [];
  for (const page of pages) {
    const look = async (planned: PlannedExam): Promise<void> => {
      const found = Array.isArray(only)
        ? undefined
        : await readKnownOutcome(repository.store, planned.exam, planned.wanted);
      if (found !== undefined && (only === 'affected' || !hasFailed(found))) known.push(found);
      else {
        const { exam, replay } = planned;
        rest.push({ exam, bundle: settings.eras[planned.era]?.bundle ?? '', page, replay });
      }
    };
    await Promise.all((await jobs.page(job, page)).map((planned) => limit(() => look(planned))));
  }
  rest.sort((a, b) => a.page - b.page || (a.exam < b.exam ? -1 : 1));
  const landing: Landing =
    known.length === 0 ? { dropped: [] } : await landOutcomes(repository, definitions, job, settings.branch, known);
  return { ...landing, resolved: known.length, failed: known.filter(hasFailed).length, rest };
}

const hasFailed = ({ outcome }: ExamOutcome): boolean => outcome.outcome === 'failed';
