import { MammoflowError } from '../../pipeline/errors.js';
import { jobSettingsSchema } from '../../pipeline/job.js';
import { readJson } from '../../repos/json-objects.js';
import { jobSettingsKey } from '../../repos/layout.js';
import { rootOf } from '../../repos/repository.js';
import { failedExams } from '../reading/job-details.js';
import { requireHead, type Session } from '../session.js';
import { processBranch } from './process.js';

/**
 * Tries exams of a job again that failed, in a new job on the head of its branch. Those that the branch has no more are left
 * out.
 *
 * @param options.exams which of them; all unless said.
 * @returns the new job's id.
 * @throws MammoflowError `not-found` when there is no such job, or none of those exams failed in it.
 * @example
 * const { job } = await mammoflow.retryJob({ job: 'main-12-a1b2c3' });
 */
export async function retryJob(
  session: Session,
  { job, exams }: { job: string; exams?: readonly string[] | undefined },
): Promise<{ job: string }> {
  const { repository } = session;
  const failed = await failedExams(session, { job });
  const settings = await readJson(repository.store, jobSettingsKey(job), jobSettingsSchema);
  if (settings === undefined) throw new MammoflowError('not-found', `There is no job ${job}.`, 'See `mammoflow jobs`.');
  const { branch } = settings;
  const asked = exams === undefined ? failed : failed.filter((exam) => exams.includes(exam));
  const head = await requireHead(repository, branch);
  const there = await repository.inputs.getMany(rootOf(head, 'exams'), asked);
  const only = asked.filter((exam) => there.has(exam));
  if (only.length > 0) return processBranch(session, { branch, only });
  const what = exams === undefined ? 'No exam that failed in it' : 'None of these exams failed in it and';
  throw new MammoflowError('not-found', `${what} is on ${branch} any more.`, 'See the failed exams of the job.');
}
