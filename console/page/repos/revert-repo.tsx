import { type ReactNode, useState } from 'react';
import type { CommitRow } from '../../contract/common.js';
import { client } from '../api/client.js';
import { useApi } from '../api/queries.js';
import { ChangeDialog } from '../parts/change-dialog.js';
import { Short } from '../parts/figures.js';
import { useFilter } from '../parts/use-filter.js';

/** Brings a repo back as it was at a commit, once it is said what that would recompute. */
export function RevertRepo({
  repo,
  to: { commit, sequence, message },
  close,
}: {
  repo: string;
  to: CommitRow;
  close: () => void;
}): ReactNode {
  const [address] = useFilter();
  const branches = useApi('branches');
  const names = branches.data?.items.map(({ branch }) => branch) ?? ['main'];
  const shown = address.get('ref') ?? 'main';
  const [chosen, setBranch] = useState<string>();
  const branch = chosen ?? (names.includes(shown) ? shown : 'main');
  return (
    <ChangeDialog
      title={`Revert ${repo} to commit ${sequence}?`}
      verb="Revert"
      preview={{ change: 'revert', branch, repo, ref: commit }}
      act={({ head, message: said }) =>
        client.revert({
          params: { repo },
          body: { ref: commit, branch, head, ...(said === undefined ? {} : { message: said }) },
        })
      }
      close={close}
    >
      <p>
        A new commit on {branch} has {repo} as it was at <Short id={commit} /> “{message}”. Nothing is lost: the commits
        since then stay, and reverting to the newest of them brings this back.
      </p>
      {names.length > 1 && (
        <label>
          On the branch
          <select value={branch} onChange={({ target: { value } }) => setBranch(value)}>
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
    </ChangeDialog>
  );
}
