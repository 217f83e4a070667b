import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { client } from '../api/client.js';
import { count } from '../parts/figures.js';
import { Question } from '../parts/question.js';

/** Tries exams again that failed in a job: all of them, or one. */
export function RetryJob({
  job,
  branch,
  exams,
  close,
}: {
  job: string;
  branch: string;
  /** How many failed, or the one to try again. */
  exams: number | string;
  close: () => void;
}): ReactNode {
  const which = typeof exams === 'string' ? `exam ${exams}` : exams === 1 ? 'the exam' : `${count(exams)} exams`;
  return (
    <Question
      title={`Try ${which} again?`}
      verb="Try again"
      act={() => client.retryJob({ params: { job }, body: typeof exams === 'string' ? { exams: [exams] } : {} })}
      told={({ job: next }) => (
        <p>
          A new job tries again. <Link href={`/jobs/${encodeURIComponent(next)}`}>Watch the job</Link>
        </p>
      )}
      close={close}
    >
      <p>
        A new job takes {which} as {branch} has {typeof exams === 'string' || exams === 1 ? 'it' : 'them'} now, so that
        files that were mended since are taken. Stages that succeeded are not computed again.
      </p>
      <p className="faint">An exam whose own files are at fault fails again; mend it and upload it anew first.</p>
    </Question>
  );
}
