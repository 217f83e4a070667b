import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import type { BranchRow } from '../../contract/repos.js';
import { useApi } from '../api/queries.js';
import { Short, When } from '../parts/figures.js';
import { Loaded } from '../parts/loaded.js';
import { RoleButton } from '../parts/role-button.js';
import { Badge } from '../parts/state-badge.js';
import { useAddress } from '../parts/use-address.js';
import { CreateBranch } from './create-branch.js';
import { DeleteBranch } from './delete-branch.js';
import { HoldBranch } from './hold-branch.js';
import { MoveBranch } from './move-branch.js';
import { ReleaseBranch } from './release-branch.js';

const DIALOGS = { hold: HoldBranch, release: ReleaseBranch, move: MoveBranch, delete: DeleteBranch } as const;

/** All branches, and what can be done with them. */
export function BranchTable(): ReactNode {
  const branches = useApi('branches');
  const [asked, setAsked] = useState<{ readonly what: keyof typeof DIALOGS; readonly branch: BranchRow }>();
  const [creating, setCreating] = useState(false);
  const Asked = asked && DIALOGS[asked.what];
  return (
    <section className="panel scrolls">
      <div className="toolbar">
        <h2>Branches</h2>
        <div className="end">
          <RoleButton needs="administer" onClick={() => setCreating(true)}>
            New branch…
          </RoleButton>
        </div>
      </div>
      <Loaded of={branches}>
        {({ items }) => (
          <table>
            <thead>
              <tr>
                <th>branch</th>
                <th>newest commit</th>
                <th className="number">when</th>
                <th>
                  <span className="unseen">actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {items.map((branch) => (
                <Branch key={branch.branch} of={branch} ask={(what) => setAsked({ what, branch })} />
              ))}
            </tbody>
          </table>
        )}
      </Loaded>
      {Asked && <Asked branch={asked.branch} close={() => setAsked(undefined)} />}
      {creating && <CreateBranch close={() => setCreating(false)} />}
    </section>
  );
}

function Branch({ of, ask }: { of: BranchRow; ask: (what: keyof typeof DIALOGS) => void }): ReactNode {
  const { branch, commit, sequence, time, message, hold } = of;
  const addressWith = useAddress();
  return (
    <tr>
      <td>
        <Link href={addressWith({ ref: branch === 'main' ? undefined : branch })}>{branch}</Link>
        {hold && (
          <p className="held">
            <Badge look="waiting">on hold</Badge>
            <span className="faint">
              {' '}
              by {hold.author}, <When time={hold.since} />
              {hold.reason !== undefined && `: ${hold.reason}`}
            </span>
          </p>
        )}
      </td>
      <td>
        {sequence} <Short id={commit} /> {message}
      </td>
      <td className="number">
        <When time={time} />
      </td>
      <td className="actions">
        {hold === undefined ? (
          <RoleButton needs="operate" label={`Hold ${branch}`} onClick={() => ask('hold')}>
            Hold…
          </RoleButton>
        ) : (
          <RoleButton needs="operate" label={`Release ${branch}`} onClick={() => ask('release')}>
            Release…
          </RoleButton>
        )}
        <RoleButton needs="administer" label={`Move ${branch}`} onClick={() => ask('move')}>
          Move…
        </RoleButton>
        {branch !== 'main' && (
          <RoleButton needs="administer" className="danger" label={`Delete ${branch}`} onClick={() => ask('delete')}>
            Delete…
          </RoleButton>
        )}
      </td>
    </tr>
  );
}
