import { type ReactNode, useState } from 'react';
import { client } from '../api/client.js';
import { useApi } from '../api/queries.js';
import { ChangeDialog } from '../parts/change-dialog.js';

const SCOPES = {
  affected: 'exams that want something new',
  failed: 'exams that failed',
  all: 'all exams',
} as const;
type Scope = keyof typeof SCOPES;

/** Starts a job, once it is said what it would compute. */
export function StartJob({ close }: { close: () => void }): ReactNode {
  const branches = useApi('branches');
  const [branch, setBranch] = useState('main');
  const [only, setOnly] = useState<Scope>('affected');
  return (
    <ChangeDialog
      title="Start a job"
      verb="Start it"
      preview={{ change: 'process', branch, only }}
      act={async () => ({ commit: null, ...(await client.startJob({ body: { branch, only } })) })}
      told={() => 'The job has begun.'}
      close={close}
    >
      <p className="faint">It brings results up to what a branch wants. What is known already is not computed again.</p>
      <div className="fields">
        <label>
          Branch
          <select value={branch} onChange={({ target: { value } }) => setBranch(value)}>
            {(branches.data?.items ?? [{ branch }]).map(({ branch: name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          For
          <select value={only} onChange={({ target: { value } }) => setOnly(value as Scope)}>
            {Object.entries(SCOPES).map(([scope, words]) => (
              <option key={scope} value={scope}>
                {words}
              </option>
            ))}
          </select>
        </label>
      </div>
    </ChangeDialog>
  );
}
