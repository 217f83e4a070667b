import pLimit from 'p-limit';
import { z } from 'zod';
import type { Json } from '../../pipeline/canonical-json.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { type ExamOutcome, isNamed, type PlannedExam } from '../../pipeline/job.js';
import { readKnownOutcome } from '../../repos/exam-outcomes.js';
import { readJson, writeJson } from '../../repos/json-objects.js';
import { jobRestKey } from '../../repos/layout.js';
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
  /** Exams that need a child workflow: the first of them, as many as fit into a result. */
  readonly rest: readonly ExamToCompute[];
  /** How many follow, for `takeRest`. Absent when there are none. */
  readonly more?: number;
}

const examToComputeSchema = z.object({
  exam: z.string(),
  bundle: z.string(),
  page: z.number().int().nonnegative(),
  replay: z.boolean(),
});
export type ExamToCompute = Readonly<z.infer<typeof examToComputeSchema>>;

/** `jobs/<job>/rest/<page>.json`: what of some pages has to be computed, where that is too much for a result. */
const restSchema = z.object({ exams: z.array(examToComputeSchema) });

/** Temporal's payloads are at most 2 MB, and what is taken is carried on when a workflow continues as new. */
const REST_AT_ONCE = 200;

/**
 * Lands, in one commit, the exams of some pages whose results are known already from another commit, branch or job: a
 * revert or a model put back starts no child and computes nothing. Exams that the job was asked for by name get a child
 * all the same, and so do those of whose results something is known to be damaged: it looks whether every file is whole
 * and makes again what is not. A known failure counts only
 * in a job for whatever is affected: whoever names a scope wants it tried again.
 *
 * @param landed told of exams that have landed.
 */
export async function resolveKnown(
  repository: Repository,
  definitions: readonly StageDefinition[],
  jobs: JobFiles,
  job: string,
  pages: readonly number[],
  landed: (branch: string, exams: readonly string[]) => Promise<void> = async () => undefined,
): Promise<Resolution> {
  const settings = await jobs.settings(job);
  const limit = pLimit(CONCURRENCY);
  const { only } = settings;
  const known: ExamOutcome[] = [];
  const rest: ExamToCompute[] = [];
  for (const page of pages) {
    const look = async (planned: PlannedExam): Promise<void> => {
      const found =
        isNamed(only) || planned.mend === true
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
  const names = known.map(({ outcome }) => outcome.name).filter((name) => !landing.dropped.includes(name));
  await landed(settings.branch, names);
  const first = rest.slice(0, REST_AT_ONCE);
  const more = rest.length - first.length;
  if (more > 0) await writeJson(repository.store, jobRestKey(job, pages[0] ?? 0), { exams: rest } as unknown as Json);
  return {
    ...landing,
    resolved: known.length,
    failed: known.filter(hasFailed).length,
    rest: first,
    ...(more === 0 ? {} : { more }),
  };
}

/**
 * More of the exams that need a child workflow, in the order in which `resolveKnown` named the first.
 * @param page the first of the pages that were resolved in one go.
 * @param from how many of them were taken before.
 * @throws MammoflowError `missing-object` when the list is gone.
 */
export async function takeRest(
  repository: Repository,
  job: string,
  page: number,
  from: number,
): Promise<readonly ExamToCompute[]> {
  const key = jobRestKey(job, page);
  const list = await readJson(repository.store, key, restSchema);
  if (list !== undefined) return list.exams.slice(from, from + REST_AT_ONCE);
  throw new MammoflowError('missing-object', `The job's list ${key} is gone from the bucket.`, 'Start a new job.');
}

const hasFailed = ({ outcome }: ExamOutcome): boolean => outcome.outcome === 'failed';
