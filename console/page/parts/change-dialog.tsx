import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { ApiError } from '../../contract/client.js';
import type { Previewed, PreviewRequest } from '../../contract/repos.js';
import { useApi } from '../api/queries.js';
import { count } from './figures.js';
import { Problem } from './problem.js';
import { Question } from './question.js';

/** What a change that was previewed passes on. */
export interface Confirmed {
  /** The head that the preview was worked out for. */
  readonly head: string;
  readonly message?: string;
}

/** What a change answers, as far as it is told afterwards. */
export interface Done {
  readonly commit: string | null;
  readonly job: string | null;
  readonly held?: true | undefined;
}

/** Changes that are no commits, so that nobody can say why in one. */
const WITHOUT_MESSAGE: readonly PreviewRequest['change'][] = ['process', 'move'];

/**
 * A change that says what it would recompute, asks, and says what came of it. Somebody else's commit in between is an answer
 * that the preview is worked out anew for.
 *
 * @param act does it, and gives what the API answered.
 * @param told what is said of that, where it is no commit.
 */
export function ChangeDialog({
  title,
  preview,
  verb,
  act,
  told = sentenceOf,
  close,
  children,
}: {
  title: string;
  preview: PreviewRequest;
  /** What the button says. */
  verb: string;
  act: (confirmed: Confirmed) => Promise<Done>;
  told?: (done: Done) => string;
  close: () => void;
  children?: ReactNode;
}): ReactNode {
  const previewed = useApi('preview', { body: preview }, { fresh: true });
  const { data, error, isFetching } = previewed;
  return (
    <Question
      title={title}
      verb={verb}
      ready={data !== undefined && error === null && !isFetching}
      act={(entered) => {
        const message = entered('message');
        return act({ head: data?.head ?? '', ...(message === '' ? {} : { message }) });
      }}
      failed={(cause) => {
        if (cause instanceof ApiError && cause.code === 'branch-moved') void previewed.refetch();
      }}
      told={(done) => (
        <p>
          {told(done)} {done.job !== null && <Link href={`/jobs/${encodeURIComponent(done.job)}`}>Watch the job</Link>}
        </p>
      )}
      close={close}
    >
      {children}
      {error && <Problem error={error} retry={() => previewed.refetch()} />}
      {data === undefined && error === null && <p className="waiting">Working out what it would compute…</p>}
      {data && error === null && <WhatItCosts of={data} />}
      {!WITHOUT_MESSAGE.includes(preview.change) && (
        <label>
          Message for the commit <input name="message" maxLength={1_000} placeholder="optional" />
        </label>
      )}
    </Question>
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
