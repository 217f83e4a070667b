import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import { ApiError } from '../../contract/client.js';
import type { Previewed, PreviewRequest } from '../../contract/repos.js';
import { useApi } from '../api/queries.js';
import { Dialog } from './dialog.js';
import { count } from './figures.js';
import { Problem } from './problem.js';

/** What a change that was previewed passes on. */
export interface Confirmed {
  /** The head that the preview was worked out for. */
  readonly head: string;
  readonly message?: string;
}

/** What a change answers, as far as it is told afterwards. */
interface Done {
  readonly commit: string | null;
  readonly job: string | null;
  readonly held?: true | undefined;
}

/**
 * A change that says what it would recompute, asks, and says what came of it. Somebody else's commit in between is an answer
 * that the preview is worked out anew for.
 *
 * @param act does it, and gives what the API answered.
 */
export function ChangeDialog({
  title,
  preview,
  verb,
  act,
  close,
  children,
}: {
  title: string;
  preview: PreviewRequest;
  /** What the button says. */
  verb: string;
  act: (confirmed: Confirmed) => Promise<Done>;
  close: () => void;
  children?: ReactNode;
}): ReactNode {
  const queries = useQueryClient();
  const previewed = useApi('preview', { body: preview });
  const [error, setError] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState<Done>();

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    if (previewed.data === undefined) return;
    const message = String(new FormData(event.currentTarget).get('message') ?? '').trim();
    setBusy(true);
    setError(undefined);
    try {
      setDone(await act({ head: previewed.data.head, ...(message === '' ? {} : { message }) }));
      void queries.invalidateQueries({ predicate: ({ queryKey: [name] }) => name !== 'session' && name !== 'preview' });
    } catch (cause) {
      setError(cause as Error);
      if (cause instanceof ApiError && cause.code === 'branch-moved') void previewed.refetch();
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog title={title} close={close}>
      {done === undefined ? (
        <form onSubmit={submit}>
          {children}
          {previewed.error && <Problem error={previewed.error} retry={() => previewed.refetch()} />}
          {previewed.data === undefined && previewed.error === null && (
            <p className="waiting">Working out what it would compute…</p>
          )}
          {previewed.data && <WhatItCosts of={previewed.data} />}
          {preview.change !== 'process' && (
            <label>
              Message for the commit <input name="message" maxLength={1_000} placeholder="optional" />
            </label>
          )}
          {error && <Problem error={error} />}
          <footer>
            <button type="button" onClick={close}>
              Leave as it is
            </button>
            <button
              type="submit"
              className="primary"
              disabled={busy || previewed.data === undefined || previewed.isFetching}
            >
              {verb}
            </button>
          </footer>
        </form>
      ) : (
        <>
          <p role="status">{sentenceOf(done)}</p>
          <footer>
            {done.job !== null && (
              <Link href={`/jobs/${encodeURIComponent(done.job)}`} onClick={close}>
                Watch the job
              </Link>
            )}
            <button type="button" className="primary" onClick={close}>
              Close
            </button>
          </footer>
        </>
      )}
    </Dialog>
  );
}

function WhatItCosts({ of }: { of: Previewed }): ReactNode {
  return (
    <div className="preview">
      <p className="sentence">{of.sentence}</p>
      <dl className="figures">
        <div>
          <dt>to compute</dt>
          <dd>{count(of.compute)}</dd>
        </div>
        <div>
          <dt>known already</dt>
          <dd>{count(of.known)}</dd>
        </div>
        <div>
          <dt>unchanged</dt>
          <dd>{count(of.unchanged)}</dd>
        </div>
        {of.failing > 0 && (
          <div>
            <dt>will fail again</dt>
            <dd>{count(of.failing)}</dd>
          </div>
        )}
      </dl>
      {of.stages.length > 0 && (
        <p className="faint">
          {of.stages
            .map(({ stage, exams, after }) => `${stage}: ${count(exams)}${after ? ' at most' : ''}`)
            .join(' · ')}
        </p>
      )}
    </div>
  );
}

function sentenceOf({ commit, job, held }: Done): string {
  if (commit === null) return 'Nothing was different: there was nothing to commit.';
  if (held) return `Committed as ${commit.slice(0, 8)}. The branch is on hold, so no job begins.`;
  return `Committed as ${commit.slice(0, 8)}. ${job === null ? 'There is nothing to compute.' : 'A job brings the results.'}`;
}
