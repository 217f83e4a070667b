import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { CommitRow } from '../../contract/common.js';
import { usePages } from '../api/queries.js';
import { Short, When } from '../parts/figures.js';
import { LoadMore } from '../parts/load-more.js';
import { Loaded } from '../parts/loaded.js';
import { addressOf } from '../parts/use-address.js';
import { useFilter } from '../parts/use-filter.js';

/**
 * The commits behind a state, newest first: all of them, or those that changed a repo.
 *
 * @param actions what else can be done with a commit.
 */
export function CommitTable({
  of: ref,
  repo,
  actions,
}: {
  of: string;
  repo?: string;
  actions?: (commit: CommitRow) => ReactNode;
}): ReactNode {
  const [address, set] = useFilter();
  const all = address.get('results') === 'yes';
  const query = repo === undefined ? { ref, withoutResults: all ? 'false' : 'true' } : { ref, repo };
  const commits = usePages('commits', { query });
  const path = repo === undefined ? '/repos' : `/repos/${encodeURIComponent(repo)}`;
  return (
    <section className="panel scrolls">
      <div className="toolbar">
        <h2>{repo === undefined ? 'Commits' : `Commits that changed ${repo}`}</h2>
        {repo === undefined && (
          <label>
            <input
              type="checkbox"
              checked={all}
              onChange={({ target: { checked } }) => set({ results: checked ? 'yes' : undefined })}
            />
            with the results of jobs
          </label>
        )}
      </div>
      <Loaded of={commits}>
        {({ pages }) => (
          <table>
            <thead>
              <tr>
                <th className="number">no.</th>
                <th>commit</th>
                <th>message</th>
                <th>author</th>
                <th>made by</th>
                <th className="number">when</th>
                <th>
                  <span className="unseen">actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {pages
                .flatMap(({ items }) => items)
                .map((commit) => (
                  <tr key={commit.commit}>
                    <td className="number">{commit.sequence}</td>
                    <td>
                      <Short id={commit.commit} />
                    </td>
                    <td className="message">{commit.message}</td>
                    <td>{commit.author}</td>
                    <td>
                      <Origin of={commit} />
                    </td>
                    <td className="number">
                      <When time={commit.time} />
                    </td>
                    <td className="actions">
                      <Link href={addressOf(path, { ref: commit.commit })} aria-label={`Browse ${commit.sequence}`}>
                        Browse
                      </Link>
                      {commit.parent !== null && (
                        <Link
                          href={addressOf(path, { show: 'changes', ref: commit.commit, since: commit.parent })}
                          aria-label={`Changes of ${commit.sequence}`}
                        >
                          Changes
                        </Link>
                      )}
                      {actions?.(commit)}
                    </td>
                  </tr>
                ))}
            </tbody>
          </table>
        )}
      </Loaded>
      <LoadMore pages={commits} />
    </section>
  );
}

function Origin({ of: { by } }: { of: CommitRow }): ReactNode {
  if (by.job === undefined) return by.kind;
  return (
    <Link href={`/jobs/${encodeURIComponent(by.job)}`} className="mono">
      {by.job}
    </Link>
  );
}
