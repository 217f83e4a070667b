import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { ResponseOf } from '../../contract/client.js';
import { bytes, count } from '../parts/figures.js';
import { addressOf } from '../parts/use-address.js';
import { useFilter } from '../parts/use-filter.js';

export type RepoRow = ResponseOf<'repos'>['items'][number];

/** The repos of a state: those that people fill, and one for each stage. */
export function RepoTable({ repos }: { repos: readonly RepoRow[] }): ReactNode {
  return (
    <section className="panel scrolls">
      <h2>Repos</h2>
      <table>
        <thead>
          <tr>
            <th>repo</th>
            <th className="number">items</th>
            <th className="number">files</th>
            <th className="number">size</th>
          </tr>
        </thead>
        <Group title="Filled by people" repos={repos.filter(({ kind }) => kind === 'input')} />
        <Group title="Filled by stages" repos={repos.filter(({ kind }) => kind === 'stage')} />
      </table>
    </section>
  );
}

function Group({ title, repos }: { title: string; repos: readonly RepoRow[] }): ReactNode {
  const [address] = useFilter();
  const ref = address.get('ref') ?? undefined;
  if (repos.length === 0) return null;
  return (
    <tbody>
      <tr className="group">
        <th colSpan={4} scope="rowgroup">
          {title}
        </th>
      </tr>
      {repos.map(({ repo, items, files, bytes: size }) => (
        <tr key={repo}>
          <td>
            <Link href={addressOf(`/repos/${encodeURIComponent(repo)}`, { ref })}>{repo}</Link>
          </td>
          <td className="number">{count(items)}</td>
          <td className="number">{count(files)}</td>
          <td className="number">{bytes(size)}</td>
        </tr>
      ))}
    </tbody>
  );
}
