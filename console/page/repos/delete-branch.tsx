import type { ReactNode } from 'react';
import type { BranchRow } from '../../contract/repos.js';
import { client } from '../api/client.js';
import { Question } from '../parts/question.js';

/** Deletes a branch, once it is said what becomes of its commits. */
export function DeleteBranch({
  branch: { branch, commit, sequence },
  close,
}: {
  branch: BranchRow;
  close: () => void;
}): ReactNode {
  return (
    <Question
      title={`Delete the branch ${branch}?`}
      verb="Delete the branch"
      look="danger"
      act={() => client.deleteBranch({ params: { branch }, query: { head: commit } })}
      close={close}
    >
      <p>
        It points at commit {sequence}. Commits that no other branch leads to stay until they are cleaned up with{' '}
        <code>mammoflow gc</code>; until then a new branch at this commit brings all of it back:
      </p>
      <p>
        <code className="whole">{commit}</code>
      </p>
    </Question>
  );
}
