import type { ReactNode } from 'react';
import { useApi } from '../api/queries.js';
import { Loaded } from '../parts/loaded.js';
import { RefChoice } from '../parts/ref-choice.js';
import { useFilter } from '../parts/use-filter.js';
import { ChangeList } from './change-list.js';
import type { RepoRow } from './repo-table.js';

/** What changed in all repos between two states; since the commit before unless another is chosen. */
export function StateChanges({ to, repos }: { to: string; repos: readonly RepoRow[] }): ReactNode {
  const [address] = useFilter();
  const since = address.get('since');
  return (
    <>
      <div className="toolbar">
        <RefChoice name="since" label="Since" usual="the commit before" />
      </div>
      {since === null ? <SinceParent to={to} repos={repos} /> : <Since state={since} to={to} repos={repos} />}
    </>
  );
}

function SinceParent({ to, repos }: { to: string; repos: readonly RepoRow[] }): ReactNode {
  const newest = useApi('commits', { query: { ref: to, limit: 1 } });
  return (
    <Loaded of={newest}>
      {({ items: [row] }) =>
        row?.parent ? (
          <AllRepos from={row.parent} to={to} repos={repos} />
        ) : (
          <p className="faint">This is the first commit: everything in it was new.</p>
        )
      }
    </Loaded>
  );
}

/** `main~1` is another commit for each repo: here one commit is meant for all. */
function Since({ state, to, repos }: { state: string; to: string; repos: readonly RepoRow[] }): ReactNode {
  const before = useApi('repos', { query: { ref: state } });
  return <Loaded of={before}>{({ commit }) => <AllRepos from={commit} to={to} repos={repos} />}</Loaded>;
}

const AllRepos = ({ from, to, repos }: { from: string; to: string; repos: readonly RepoRow[] }): ReactNode => (
  <section className="panel">
    {repos.map(({ repo }) => (
      <ChangeList key={repo} repo={repo} from={from} to={to} />
    ))}
  </section>
);
