import type { ReactNode } from 'react';
import { client } from '../api/client.js';
import { Question } from '../parts/question.js';
import { useFilter } from '../parts/use-filter.js';

/** Begins a branch at the state that is shown, or another. */
export function CreateBranch({ close }: { close: () => void }): ReactNode {
  const [address] = useFilter();
  return (
    <Question
      title="New branch"
      verb="Create the branch"
      act={(entered) => client.createBranch({ body: { branch: entered('branch'), ref: entered('ref') || 'main' } })}
      close={close}
    >
      <p>To try something beside main. Nothing is copied, and what is known already is not computed again.</p>
      <label>
        Name <input name="branch" required maxLength={100} autoComplete="off" placeholder="trial" />
      </label>
      <label>
        Begins at
        <input
          name="ref"
          defaultValue={address.get('ref') ?? 'main'}
          title="A branch, a commit, or main~3"
          autoComplete="off"
        />
      </label>
    </Question>
  );
}
