import type { ReactNode } from 'react';
import type { BranchRow } from '../../contract/repos.js';
import { client } from '../api/client.js';
import { Question } from '../parts/question.js';

/** Has commits to a branch start no jobs until it is released. */
export function HoldBranch({ branch: { branch }, close }: { branch: BranchRow; close: () => void }): ReactNode {
  return (
    <Question
      title={`Put ${branch} on hold?`}
      verb="Put on hold"
      act={(entered) => {
        const reason = entered('reason');
        return client.holdBranch({ params: { branch }, body: reason === '' ? {} : { reason } });
      }}
      close={close}
    >
      <p>
        What is committed to {branch} starts no job until it is released; uploads are taken in as before. A job that
        runs goes on.
      </p>
      <label>
        Reason <input name="reason" maxLength={500} placeholder="optional: who comes next reads it" />
      </label>
    </Question>
  );
}
