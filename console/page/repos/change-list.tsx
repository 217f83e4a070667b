import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { ResponseOf } from '../../contract/client.js';
import { usePages } from '../api/queries.js';
import { LoadMore } from '../parts/load-more.js';
import { Loaded } from '../parts/loaded.js';
import { Badge } from '../parts/state-badge.js';
import { addressOf } from '../parts/use-address.js';

type Change = ResponseOf<'diff'>['items'][number];

const LOOKS: Readonly<Record<Change['change'], string>> = { added: 'good', removed: 'bad', changed: 'busy' };
const SIGNS: Readonly<Record<string, string>> = { '+': 'added', '-': 'removed', '~': 'changed' };

/** What changed in a repo between two states, item by item, with the files of each. */
export function ChangeList({
  repo,
  from,
  to,
}: {
  repo: string;
  /** The older state; the one before the last commit that changed the repo unless said. */
  from?: string | undefined;
  to: string;
}): ReactNode {
  const changes = usePages('diff', {
    params: { repo },
    query: { ref: to, limit: 100, ...(from === undefined ? {} : { since: from }) },
  });
  return (
    <section className="changes">
      <h2>{repo}</h2>
      <Loaded of={changes}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          if (items.length === 0) return <p className="faint">Nothing is different.</p>;
          return (
            <table>
              <tbody>
                {items.map(({ name, change, files }) => (
                  <tr key={name}>
                    <td className="kind">
                      <Badge look={LOOKS[change]}>{change}</Badge>
                    </td>
                    <td className="name">
                      <Link
                        href={addressOf(`/repos/${encodeURIComponent(repo)}`, {
                          ref: change === 'removed' ? from : to,
                          item: name,
                        })}
                      >
                        {name}
                      </Link>
                    </td>
                    <td>
                      <Files of={files} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          );
        }}
      </Loaded>
      <LoadMore pages={changes} />
    </section>
  );
}

const Files = ({ of }: { of: readonly string[] }): ReactNode => (
  <ul className="files">
    {of.map((file) => (
      <li key={file}>
        <span aria-hidden="true">{file.slice(0, 1)}</span>
        <span className="unseen">{SIGNS[file.slice(0, 1)]}</span> {file.slice(1)}
      </li>
    ))}
  </ul>
);
