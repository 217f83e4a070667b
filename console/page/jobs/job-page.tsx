import './jobs.css';
import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import type { JobDetail } from '../../contract/jobs.js';
import { useApi } from '../api/queries.js';
import { count, duration, Short, When } from '../parts/figures.js';
import { Loaded } from '../parts/loaded.js';
import { PageHead } from '../parts/page-head.js';
import { RoleButton } from '../parts/role-button.js';
import { addressOf } from '../parts/use-address.js';
import { CancelJob } from './cancel-job.js';
import { JobExams } from './job-exams.js';
import { JobProgress } from './job-progress.js';
import { JobStatus } from './job-status.js';
import { RetryJob } from './retry-job.js';
import { StageTable } from './stage-table.js';
import { TimeSplit } from './time-split.js';
import { UnderWay } from './under-way.js';

/** What exams are at changes without an event: it is looked at again this often while a job runs. */
const LOOK_MS = 4_000;

/** One job: how far it is, what is in its way, and where its time goes. */
export function JobPage({ job: id }: { job: string }): ReactNode {
  const job = useApi(
    'job',
    { params: { job: id } },
    { refetchInterval: (last) => last?.status === 'running' && LOOK_MS },
  );
  return (
    <>
      <PageHead title={id}>
        {job.data && (
          <>
            <JobStatus status={job.data.status} failed={job.data.exams.failed} />
            <Actions of={job.data} />
          </>
        )}
      </PageHead>
      <Loaded of={job}>
        {(detail) => (
          <>
            <Summary of={detail} />
            {detail.status === 'running' && <UnderWay underWay={detail.underWay} />}
            <div className="job-columns">
              <StageTable stages={detail.stages} total={detail.total} />
              <TimeSplit time={detail.time} />
            </div>
            <JobExams of={detail} />
          </>
        )}
      </Loaded>
    </>
  );
}

function Actions({ of: detail }: { of: JobDetail }): ReactNode {
  const { job, branch, status, exams, failedBefore = 0, temporal } = detail;
  const failed = exams.failed - failedBefore;
  const [asked, setAsked] = useState<'retry' | 'cancel'>();
  const close = (): void => setAsked(undefined);
  return (
    <div className="end">
      <Link href={addressOf('/exams', { job })}>Its exams</Link>
      {temporal !== null && (
        <a href={temporal} target="_blank" rel="noreferrer">
          In Temporal
        </a>
      )}
      {failed > 0 && (
        <RoleButton needs="operate" onClick={() => setAsked('retry')}>
          Try the failed again…
        </RoleButton>
      )}
      {status === 'running' && (
        <RoleButton needs="operate" className="danger" onClick={() => setAsked('cancel')}>
          Cancel…
        </RoleButton>
      )}
      {asked === 'retry' && <RetryJob job={job} branch={branch} exams={failed} close={close} />}
      {asked === 'cancel' && <CancelJob of={detail} close={close} />}
    </div>
  );
}

function Summary({ of }: { of: JobDetail }): ReactNode {
  const { status, reason, branch, commit, bundles, exams, total, dropped, failedBefore = 0, rate, secondsLeft } = of;
  return (
    <section className="panel summary">
      <JobProgress exams={exams} total={total} />
      <dl className="figures">
        <Figure of="processed" value={count(exams.processed)} />
        <Figure of="known already" value={count(exams.skipped)} />
        <Figure of="failed" value={count(exams.failed)} />
        {dropped > 0 && <Figure of="dropped" value={count(dropped)} />}
        <Figure
          of="exams a minute"
          value={rate === null ? '–' : rate >= 10 ? count(Math.round(rate)) : rate.toFixed(1)}
        />
        {status === 'running' && <Figure of="time left" value={secondsLeft === null ? '–' : duration(secondsLeft)} />}
        <Figure of={status === 'running' ? 'so far' : 'took'} value={tookOf(of)} />
      </dl>
      {reason !== undefined && <p className="trouble">{reason}</p>}
      {exams.skipped > 0 && (
        <p className="faint">
          Known already: the same files, model, parameters and code had been computed before; nothing is computed twice.
        </p>
      )}
      {failedBefore > 0 && (
        <p className="faint">
          {count(failedBefore)} of the failed had failed before with the same files, and{' '}
          {failedBefore === 1 ? 'was' : 'were'} not tried again: mend the files, or start a job for{' '}
          <em>exams that failed</em>. <Link href={addressOf('/exams', { state: 'failed' })}>Exams that failed</Link>
        </p>
      )}
      {dropped > 0 && (
        <p className="faint">Dropped: computed, but something newer was wanted by then, so it was not committed.</p>
      )}
      <dl className="facts across">
        <div>
          <dt>branch</dt>
          <dd>{branch}</dd>
        </div>
        <div>
          <dt>commit</dt>
          <dd>
            <Link href={addressOf('/repos', { ref: commit })}>
              <Short id={commit} />
            </Link>
          </dd>
        </div>
        <div>
          <dt>{bundles.length === 1 ? 'bundle' : 'bundles'}</dt>
          <dd>
            {bundles.map((bundle, index) => (
              <span key={bundle}>
                {index > 0 && ', '}
                <Link href={addressOf(`/models/${encodeURIComponent(bundle)}`, { ref: commit })}>{bundle}</Link>
              </span>
            ))}
          </dd>
        </div>
        <div>
          <dt>began</dt>
          <dd>
            <When time={of.startedAt} />
          </dd>
        </div>
        {of.finishedAt !== undefined && (
          <div>
            <dt>ended</dt>
            <dd>
              <When time={of.finishedAt} />
            </dd>
          </div>
        )}
      </dl>
    </section>
  );
}

const Figure = ({ of, value }: { of: string; value: string }): ReactNode => (
  <div>
    <dt>{of}</dt>
    <dd>{value}</dd>
  </div>
);

function tookOf({ startedAt, finishedAt }: JobDetail): string {
  if (startedAt === undefined) return '–';
  const until = finishedAt === undefined ? Date.now() : Date.parse(finishedAt);
  return duration(Math.max(0, (until - Date.parse(startedAt)) / 1_000));
}
