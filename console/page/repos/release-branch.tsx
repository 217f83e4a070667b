import type { ReactNode } from 'react';
import type { BranchRow } from '../../contract/repos.js';
import { client } from '../api/client.js';
import { ChangeDialog } from '../parts/change-dialog.js';

/** Ends a branch's hold, once it is said what the job that follows computes. */
export function ReleaseBranch({
  branch: { branch, hold },
  close,
}: {
  branch: BranchRow;
  close: () => void;
}): ReactNode {
  return (
    <ChangeDialog
      title={`Release ${branch}?`}
      verb="Release"
      preview={{ change: 'process', branch }}
      act={async () => ({ commit: null, job: (await client.releaseBranch({ params: { branch } })).job })}
      told={({ job }) =>
        `${branch} is on hold no more. ${job === null ? 'There is nothing to compute.' : 'A job has begun.'}`
      }
      close={close}
    >
      {hold?.reason !== undefined && (
        <p>
          {hold.author} put it on hold: {hold.reason}
        </p>
      )}
      <p>Commits start jobs again, and one begins now for what waited.</p>
    </ChangeDialog>
  );
}
