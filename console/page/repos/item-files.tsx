import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import { fileUrl } from '../../contract/binary.js';
import type { ResponseOf } from '../../contract/client.js';
import { useApi } from '../api/queries.js';
import { bytes, Short } from '../parts/figures.js';
import { Loaded } from '../parts/loaded.js';
import { addressOf } from '../parts/use-address.js';
import { FileText, isText } from './file-text.js';

type Item = ResponseOf<'item'>;

/** The files of an exam or a bundle at a state, each to be downloaded; what is text can be read here. */
export function ItemFiles({ repo, item, at }: { repo: string; item: string; at: string }): ReactNode {
  const found = useApi('item', { params: { repo, item }, query: { ref: at } });
  return (
    <section className="panel">
      <div className="toolbar">
        <h2>{item}</h2>
        <div className="end">
          {repo === 'models' ? (
            <Link href={addressOf(`/models/${encodeURIComponent(item)}`, { ref: at === 'main' ? undefined : at })}>
              The bundle
            </Link>
          ) : (
            repo !== 'pipeline' && (
              <Link href={addressOf(`/exams/${encodeURIComponent(item)}`, { ref: at === 'main' ? undefined : at })}>
                The exam
              </Link>
            )
          )}
        </div>
      </div>
      <Loaded of={found}>
        {({ files, erased }) =>
          erased !== undefined ? (
            <p className="trouble">It was erased on {erased.slice(0, 10)}. Its files are gone.</p>
          ) : (
            <FileTable repo={repo} item={item} at={at} files={files} />
          )
        }
      </Loaded>
    </section>
  );
}

function FileTable({
  repo,
  item,
  at,
  files,
}: {
  repo: string;
  item: string;
  at: string;
  files: Item['files'];
}): ReactNode {
  const [read, setRead] = useState<string>();
  const address = (path: string): string => fileUrl(repo, item, path, at);
  const shown = files.find(({ path }) => path === read);
  return (
    <>
      <div className="scrolls">
        <table>
          <thead>
            <tr>
              <th>file</th>
              <th className="number">size</th>
              <th>SHA-256</th>
              <th>version</th>
              <th>
                <span className="unseen">actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {files.map(({ path, size, sha256, versionId }) => (
              <tr key={path}>
                <td>{path}</td>
                <td className="number">{bytes(size)}</td>
                <td>
                  <Short id={sha256} />
                </td>
                <td>
                  <code className="version" title={versionId}>
                    {versionId}
                  </code>
                </td>
                <td className="actions">
                  {isText(path, size) && (
                    <button
                      type="button"
                      aria-label={`Read ${path}`}
                      aria-expanded={path === read}
                      onClick={() => setRead(path === read ? undefined : path)}
                    >
                      Read
                    </button>
                  )}
                  <a href={address(path)} download aria-label={`Download ${path}`}>
                    Download
                  </a>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown && <FileText key={shown.versionId} path={shown.path} address={address(shown.path)} id={shown.versionId} />}
    </>
  );
}
