import './inbox.css';
import { type ReactNode, useState } from 'react';
import { useSearch } from 'wouter';
import type { WaitingItem } from '../../contract/inbox.js';
import { client } from '../api/client.js';
import { useApi, useChange } from '../api/queries.js';
import { useMay } from '../api/session.js';
import { count, When } from '../parts/figures.js';
import { Loaded } from '../parts/loaded.js';
import { PageHead } from '../parts/page-head.js';
import { Problem } from '../parts/problem.js';
import { Question } from '../parts/question.js';
import { Badge } from '../parts/state-badge.js';
import { DropFolder } from './drop-folder.js';
import { UploadPanel } from './upload-panel.js';
import { send, useSending } from './uploading.js';

const LOOKS: Readonly<Record<WaitingItem['state'], string>> = {
  ready: 'busy',
  settling: 'busy',
  incomplete: 'waiting',
  refused: 'bad',
};

/** What waits to be committed and for what, and where a folder is uploaded. */
export function InboxPage(): ReactNode {
  const branch = new URLSearchParams(useSearch()).get('branch') ?? 'main';
  const inbox = useApi('inbox', { query: { branch } }, { refetchInterval: 15_000 });
  const mayOperate = useMay('operate');
  const sending = useSending();
  const look = useChange('lookIntoInbox');
  return (
    <>
      <PageHead title="Inbox">
        <div className="end">
          {inbox.data && (
            <span className="faint">
              looked at <When time={inbox.data.lookedAt} />
            </span>
          )}
          {mayOperate && (
            <button type="button" disabled={look.isPending} onClick={() => look.mutate({ body: { branch } })}>
              Look now
            </button>
          )}
        </div>
      </PageHead>
      {look.error && <Problem error={look.error} />}
      {!mayOperate && <p className="faint">Uploading needs the role operate.</p>}
      {mayOperate && sending === undefined && <DropFolder chosen={(files) => void send(files, branch)} />}
      {sending !== undefined && <UploadPanel sending={sending} />}
      {mayOperate && <Unfinished except={sending?.upload?.upload} />}
      <section className="panel">
        <h2>What waits</h2>
        <Loaded of={inbox}>
          {({ items, stray }) => (
            <>
              {items.length === 0 ? (
                <p className="faint">
                  Nothing waits. Files that come under <code>inbox/exams/&lt;exam&gt;/</code> in the bucket show here
                  until they are committed.
                </p>
              ) : (
                <Waiting items={items} mayDismiss={mayOperate} />
              )}
              {stray.files > 0 && (
                <p className="faint">
                  {count(stray.files)} files belong to no exam: {stray.examples.join(', ')}
                </p>
              )}
            </>
          )}
        </Loaded>
      </section>
    </>
  );
}

function Waiting({ items, mayDismiss }: { items: readonly WaitingItem[]; mayDismiss: boolean }): ReactNode {
  const [dismissing, setDismissing] = useState<WaitingItem>();
  return (
    <>
      <table>
        <thead>
          <tr>
            <th>exam or bundle</th>
            <th>state</th>
            <th>since</th>
            <th>what it waits for</th>
            <th>here</th>
            {mayDismiss && <th>take out</th>}
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={`${item.repo}/${item.name}`}>
              <td>
                {item.repo === 'exams' ? '' : `${item.repo}/`}
                {item.name}
              </td>
              <td>
                <Badge look={LOOKS[item.state]}>{item.state}</Badge> {item.overdue && <Badge look="bad">overdue</Badge>}{' '}
                {item.correction && <Badge look="waiting">correction</Badge>}
              </td>
              <td>
                <When time={item.since} />
              </td>
              <td>{item.sentence}</td>
              <td>{item.here.join(', ')}</td>
              {mayDismiss && (
                <td>
                  <button type="button" onClick={() => setDismissing(item)} aria-label={`Take ${item.name} out`}>
                    Take out…
                  </button>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {dismissing && <Dismiss item={dismissing} close={() => setDismissing(undefined)} />}
    </>
  );
}

function Dismiss({ item: { repo, name, here }, close }: { item: WaitingItem; close: () => void }): ReactNode {
  return (
    <Question
      title={`Take ${name} out of the inbox?`}
      verb="Take out"
      look="danger"
      act={() => client.dismiss({ body: { repo, names: [name] } })}
      close={close}
    >
      <p>
        {repo === 'dicom'
          ? 'Its DICOM objects are removed for good: they say whose they are, and their source has them.'
          : `${count(here.length)} ${here.length === 1 ? 'file' : 'files'} will not be committed: ${here.join(', ')}. The bucket keeps their versions.`}
      </p>
    </Question>
  );
}

/** Uploads that lie at the console and that this window does not send: of before, or of somebody else. */
function Unfinished({ except }: { except: string | undefined }): ReactNode {
  const uploads = useApi('uploads', {}, { refetchInterval: 30_000 });
  const abandon = useChange('abandonUpload');
  const others = (uploads.data?.items ?? []).filter(({ upload, outcome }) => upload !== except && outcome === null);
  if (others.length === 0) return null;
  return (
    <section className="panel">
      <h2>Uploads that have not ended</h2>
      <p className="faint">Choose the same folder again, and it goes on where it ended.</p>
      {abandon.error && <Problem error={abandon.error} />}
      <table>
        <thead>
          <tr>
            <th>began</th>
            <th>by</th>
            <th className="number">exams</th>
            <th className="number">sent</th>
            <th>remove</th>
          </tr>
        </thead>
        <tbody>
          {others.map(({ upload, began, author, exams, received, size }) => (
            <tr key={upload}>
              <td>
                <When time={began} />
              </td>
              <td>{author}</td>
              <td className="number">{count(exams.length)}</td>
              <td className="number">{Math.floor((100 * received) / Math.max(1, size))} %</td>
              <td>
                <button type="button" onClick={() => abandon.mutate({ params: { upload } })}>
                  Abandon
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
