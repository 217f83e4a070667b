import type { ReactNode } from 'react';
import type { JobDetail } from '../../contract/jobs.js';
import { client } from '../api/client.js';
import { count } from '../parts/figures.js';
import { Question } from '../parts/question.js';
import { finishedOf } from './job-progress.js';

/** Ends a running job, once it is said what is kept. */
export function CancelJob({ of: { job, exams, total }, close }: { of: JobDetail; close: () => void }): ReactNode {
  const finished = finishedOf(exams);
  return (
    <Question
      title="Cancel this job?"
      verb="Cancel the job"
      look="danger"
      act={() => client.cancelJob({ params: { job } })}
      close={close}
    >
      <p>
        {count(total - finished)} of {count(total)} exams have no outcome yet, and get none from this job. What is under
        way is broken off.
      </p>
      <p>
        The results of the {count(finished)} that are finished are kept, and nothing that was computed is lost: a later
        job finds it. Exams that are left wait for one; <em>Start a job</em> begins it.
      </p>
    </Question>
  );
}
