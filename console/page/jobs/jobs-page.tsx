import './jobs.css';
import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import type { JobRow } from '../../contract/jobs.js';
import { usePages } from '../api/queries.js';
import { count, duration, When } from '../parts/figures.js';
import { LoadMore } from '../parts/load-more.js';
import { Loaded } from '../parts/loaded.js';
import { Empty } from '../parts/nothing-yet.js';
import { PageHead } from '../parts/page-head.js';
import { RoleButton } from '../parts/role-button.js';
import { addressOf } from '../parts/use-address.js';
import { JobProgress } from './job-progress.js';
import { JobStatus } from './job-status.js';
import { StartJob } from './start-job.js';

/** All jobs, newest first. */
export function JobsPage(): ReactNode {
  const jobs = usePages('jobs', {});
  const [starting, setStarting] = useState(false);
  return (
    <>
      <PageHead title="Jobs">
        <div className="end">
          <RoleButton needs="operate" onClick={() => setStarting(true)}>
            Start a job…
          </RoleButton>
        </div>
      </PageHead>
      <Loaded of={jobs}>
        {({ pages }) => {
          const rows = pages.flatMap(({ items }) => items);
          return rows.length === 0 ? <NoJobs /> : <JobTable rows={rows} />;
        }}
      </Loaded>
      <LoadMore pages={jobs} />
      {starting && <StartJob close={() => setStarting(false)} />}
    </>
  );
}

function JobTable({ rows }: { rows: readonly JobRow[] }): ReactNode {
  return (
    <div className="panel scrolls">
      <table className="job-table">
        <thead>
          <tr>
            <th>job</th>
            <th>status</th>
            <th>branch</th>
            <th>exams with an outcome</th>
            <th className="number">processed</th>
            <th className="number">known already</th>
            <th className="number">failed</th>
            <th className="number">took</th>
            <th className="number">began</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ job, status, branch, started, seconds, exams, total }) => (
            <tr key={job}>
              <td>
                <Link href={addressOf(`/jobs/${encodeURIComponent(job)}`, {})} className="mono">
                  {job}
                </Link>
              </td>
              <td>
                <JobStatus status={status} failed={0} />
              </td>
              <td>{branch}</td>
              <td>
                <JobProgress exams={exams} total={total} />
              </td>
              <td className="number">{count(exams.processed)}</td>
              <td className="number">{count(exams.skipped)}</td>
              <td className={exams.failed > 0 ? 'number ill' : 'number'}>{count(exams.failed)}</td>
              <td className="number">{duration(seconds)}</td>
              <td className="number">
                <When time={started} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const NoJobs = (): ReactNode => (
  <Empty>
    <p>No job has run yet.</p>
    <p>
      One begins by itself when exams are committed, a model is switched or a stage is set: drop exams on the{' '}
      <Link href="/inbox">inbox</Link>, or use <code>mammoflow put exams FOLDER</code>.
    </p>
  </Empty>
);
