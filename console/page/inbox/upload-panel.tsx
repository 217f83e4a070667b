import { type FormEvent, type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import type { Upload, UploadExam } from '../../contract/inbox.js';
import { useChange } from '../api/queries.js';
import { bytes, count } from '../parts/figures.js';
import { Problem } from '../parts/problem.js';
import { Badge } from '../parts/state-badge.js';
import { type Sending, stopSending } from './uploading.js';

const LOOKS: Readonly<Record<UploadExam['state'], readonly [word: string, look: string]>> = {
  expecting: ['sending', 'busy'],
  checking: ['being checked', 'busy'],
  good: ['good', 'good'],
  refused: ['refused', 'bad'],
  committed: ['committed', 'good'],
};

/** An upload: what is wrong with it, how far it is, and, when it is there, what becomes of it. */
export function UploadPanel({ sending }: { sending: Sending }): ReactNode {
  const { upload, error, lost } = sending;
  return (
    <section className="panel upload" aria-label="Your upload">
      <h2>Your upload</h2>
      {error && <Problem error={error} />}
      {lost && (
        <p className="banner" role="status">
          {lost.message}
        </p>
      )}
      {upload === undefined && error === undefined && <p className="waiting">Announcing the files…</p>}
      {upload !== undefined && <Announced upload={upload} sending={sending} />}
      {upload === undefined && error !== undefined && (
        <button type="button" onClick={stopSending}>
          Close
        </button>
      )}
    </section>
  );
}

function Announced({ upload, sending }: { upload: Upload; sending: Sending }): ReactNode {
  const here = (exam: string, file: string, received: number): number =>
    sending.received.get(`${exam}/${file}`) ?? received;
  const sent = upload.exams.flatMap(({ exam, files }) => files.map(({ file, received }) => here(exam, file, received)));
  const refused = upload.exams.filter(({ state }) => state === 'refused').length;
  return (
    <>
      <p>
        {count(upload.exams.length)} exams, {bytes(sent.reduce((sum, one) => sum + one, 0))} of {bytes(upload.size)}{' '}
        <progress max={Math.max(1, upload.size)} value={sent.reduce((sum, one) => sum + one, 0)} aria-label="Sent" />
        {refused > 0 && <strong> {count(refused)} cannot be taken; their reasons are below.</strong>}
      </p>
      <Ending upload={upload} done={sending.done} />
      <table>
        <thead>
          <tr>
            <th>exam</th>
            <th>state</th>
            <th>files</th>
            <th>reason</th>
          </tr>
        </thead>
        <tbody>
          {[...upload.exams]
            .sort((a, b) => Number(b.state === 'refused') - Number(a.state === 'refused'))
            .map(({ exam, state, files, reason, replaces }) => (
              <tr key={exam}>
                <td>{exam}</td>
                <td>
                  <Badge look={LOOKS[state][1]}>{LOOKS[state][0]}</Badge>
                  {replaces && state !== 'committed' && <div className="faint">replaces what is there</div>}
                </td>
                <td className="files">
                  {files.map(({ file, size, received }) => (
                    <div key={file}>
                      <progress
                        max={Math.max(1, size)}
                        value={here(exam, file, received)}
                        aria-label={`${exam}/${file}`}
                      />
                      {file} <span className="faint">{bytes(size)}</span>
                    </div>
                  ))}
                </td>
                <td>{reason}</td>
              </tr>
            ))}
        </tbody>
      </table>
      {upload.leftOut.length > 0 && (
        <p className="faint">Left out, since they are no part of an exam: {upload.leftOut.join(', ')}</p>
      )}
    </>
  );
}

/** What becomes of an upload that is there. */
function Ending({ upload, done }: { upload: Upload; done: boolean }): ReactNode {
  const commit = useChange('commitUpload');
  const abandon = useChange('abandonUpload');
  const [into, setInto] = useState<'commit' | 'inbox'>('commit');
  const good = upload.exams.filter(({ state }) => state === 'good').length;
  const params = { upload: upload.upload };
  if (commit.data !== undefined) {
    const { commit: made, job, exams, held } = commit.data;
    return (
      <div role="status">
        <p>
          {into === 'inbox'
            ? `${count(exams.length)} exams lie in the inbox, and are taken in by themselves.`
            : made === null
              ? 'All of it was there already: there was nothing to commit.'
              : `${count(exams.length)} exams are committed as ${made.slice(0, 8)}.`}{' '}
          {held && 'The branch is on hold, so no job begins.'}{' '}
          {job !== null && <Link href={`/jobs/${encodeURIComponent(job)}`}>Watch the job</Link>}
        </p>
        <button type="button" onClick={stopSending}>
          Close
        </button>
      </div>
    );
  }
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const message = String(new FormData(event.currentTarget).get('message') ?? '').trim();
    commit.mutate({ params, body: { into, ...(message === '' ? {} : { message }) } });
  }
  return (
    <form className="toolbar" onSubmit={submit}>
      {commit.error && <Problem error={commit.error} />}
      <label>
        <input type="radio" name="into" checked={into === 'commit'} onChange={() => setInto('commit')} /> one commit
      </label>
      <label>
        <input type="radio" name="into" checked={into === 'inbox'} onChange={() => setInto('inbox')} /> the inbox
      </label>
      <input
        name="message"
        aria-label="Message for the commit"
        placeholder="message (optional)"
        maxLength={1_000}
        disabled={into === 'inbox'}
      />
      <button type="submit" className="primary" disabled={!done || good === 0 || commit.isPending}>
        {commit.isPending ? 'Storing…' : `Take ${count(good)} good ${good === 1 ? 'exam' : 'exams'}`}
      </button>
      <button
        type="button"
        className="danger"
        disabled={commit.isPending}
        onClick={() => abandon.mutate({ params }, { onSuccess: stopSending })}
      >
        Abandon
      </button>
      {abandon.error && <Problem error={abandon.error} />}
    </form>
  );
}
