import { type ReactNode, useState } from 'react';
import { useChange } from '../api/queries.js';
import { ChangeDialog } from '../parts/change-dialog.js';

const SCOPES = {
  new: ['New exams', 'Exams that come or change from now on. What there is stays with the bundle that it has.'],
  all: ['All exams', 'Exams that there are, too. Results change wherever this bundle says something else.'],
} as const;
type Scope = keyof typeof SCOPES;

/** Has exams use a bundle, for new ones or for all, once it is said what that would recompute. */
export function UseModel({ bundle, branch, close }: { bundle: string; branch: string; close: () => void }): ReactNode {
  const [scope, setScope] = useState<Scope>('new');
  const change = useChange('useModel');
  return (
    <ChangeDialog
      title={`Use ${bundle} on ${branch}?`}
      verb={scope === 'all' ? 'Use for all exams' : 'Use for new exams'}
      preview={{ change: 'model', branch, bundle, for: scope }}
      act={({ head, message }) =>
        change.mutateAsync({
          params: { bundle },
          body: { for: scope, branch, head, ...(message === undefined ? {} : { message }) },
        })
      }
      close={close}
    >
      <fieldset className="scope">
        <legend>For</legend>
        {(Object.keys(SCOPES) as Scope[]).map((name) => (
          <label key={name}>
            <input type="radio" name="for" value={name} checked={scope === name} onChange={() => setScope(name)} />
            <span>
              {SCOPES[name][0]}
              <span className="faint">{SCOPES[name][1]}</span>
            </span>
          </label>
        ))}
      </fieldset>
    </ChangeDialog>
  );
}
