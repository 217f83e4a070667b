import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { usePages } from '../api/queries.js';
import { bytes, count } from '../parts/figures.js';
import { LoadMore } from '../parts/load-more.js';
import { Loaded } from '../parts/loaded.js';
import { Empty } from '../parts/nothing-yet.js';
import { useAddress } from '../parts/use-address.js';
import { useFilter } from '../parts/use-filter.js';
import { ItemFiles } from './item-files.js';

/** The exams or bundles of a repo at a state, and the files of the one that is chosen. */
export function Items({ repo, at }: { repo: string; at: string }): ReactNode {
  const [address, set] = useFilter();
  const addressWith = useAddress();
  const item = address.get('item') ?? undefined;
  const items = usePages('items', { params: { repo }, query: { ref: at, limit: 100 } });
  return (
    <Loaded of={items}>
      {({ pages }) => {
        const rows = pages.flatMap((page) => page.items);
        if (rows.length === 0) {
          return (
            <Empty>
              <p>There is nothing in {repo} at this state.</p>
            </Empty>
          );
        }
        return (
          <div className="item-columns">
            <nav className="panel item-list" aria-label={`In ${repo}`}>
              <form
                className="toolbar"
                onSubmit={(event) => {
                  event.preventDefault();
                  set({ item: String(new FormData(event.currentTarget).get('item')).trim() });
                }}
              >
                <label>
                  Go to <input name="item" required placeholder="its name" autoComplete="off" />
                </label>
              </form>
              <p className="faint">{count(pages[0]?.total ?? rows.length)} in all</p>
              <ul>
                {rows.map(({ name, files, bytes: size, erased }) => (
                  <li key={name}>
                    <Link href={addressWith({ item: name })} aria-current={name === item ? 'true' : undefined}>
                      <span className="name">{name}</span>
                      <span className="size">{erased === undefined ? `${files} · ${bytes(size)}` : 'erased'}</span>
                    </Link>
                  </li>
                ))}
              </ul>
              <LoadMore pages={items} />
            </nav>
            {item === undefined ? (
              <p className="panel faint">Choose one to see its files.</p>
            ) : (
              <ItemFiles repo={repo} item={item} at={at} />
            )}
          </div>
        );
      }}
    </Loaded>
  );
}
