import { type FormEvent, type ReactNode, useId, useState } from 'react';
import type { BranchRow } from '../../contract/repos.js';
import { client } from '../api/client.js';
import { useApi } from '../api/queries.js';
import { ChangeDialog } from '../parts/change-dialog.js';
import { Dialog } from '../parts/dialog.js';
import { Short } from '../parts/figures.js';

/** Points a branch at another commit: asks at which, says what that would recompute, and asks again. */
export function MoveBranch({ branch: { branch, commit }, close }: { branch: BranchRow; close: () => void }): ReactNode {
  const [to, setTo] = useState<string>();
  if (to === undefined) return <WhereTo branch={branch} choose={setTo} close={close} />;
  return (
    <ChangeDialog
      title={`Move ${branch} to ${to}?`}
      verb={`Move ${branch}`}
      preview={{ change: 'move', branch, ref: to }}
      act={({ head }) => client.moveBranch({ params: { branch }, body: { ref: to, head } })}
      told={({ commit: now }) => `${branch} points at ${now?.slice(0, 8)} now.`}
      close={close}
    >
      <p>
        {branch} pointed at <Short id={commit} /> when you asked. Commits that no branch leads to any more stay until
        they are cleaned up with <code>mammoflow gc</code>; moving it back undoes this.
      </p>
    </ChangeDialog>
  );
}

function WhereTo({
  branch,
  choose,
  close,
}: {
  branch: string;
  choose: (ref: string) => void;
  close: () => void;
}): ReactNode {
  const branches = useApi('branches');
  const list = useId();
  return (
    <Dialog title={`Move ${branch}`} close={close}>
      <form
        onSubmit={(event: FormEvent<HTMLFormElement>) => {
          event.preventDefault();
          choose(String(new FormData(event.currentTarget).get('ref')).trim());
        }}
      >
        <label>
          To
          <input
            name="ref"
            list={list}
            required
            autoComplete="off"
            placeholder={`a branch, a commit, or ${branch}~1`}
          />
        </label>
        <datalist id={list}>
          {branches.data?.items
            .filter((one) => one.branch !== branch)
            .map((one) => (
              <option key={one.branch} value={one.branch} />
            ))}
        </datalist>
        <footer>
          <button type="button" onClick={close}>
            Leave as it is
          </button>
          <button type="submit" className="primary">
            See what it would compute
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
