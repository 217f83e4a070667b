import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { JobDetail } from '../../contract/jobs.js';
import { When } from '../parts/figures.js';

/** What a running job is at: troubles first, and of exams only a few. */
export function UnderWay({ underWay }: Pick<JobDetail, 'underWay'>): ReactNode {
  return (
    <section className="panel scrolls">
      <h2>Under way</h2>
      {underWay.length === 0 ? (
        <p className="faint">No stage runs at this moment.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>exam</th>
              <th>at</th>
              <th>how it goes</th>
            </tr>
          </thead>
          <tbody>
            {underWay.map((row) => (
              <tr key={`${row.exam} ${row.stage} ${row.step}`}>
                <td>
                  {row.exam === undefined ? (
                    <span className="faint">the job itself</span>
                  ) : (
                    <Link href={`/exams/${encodeURIComponent(row.exam)}`}>{row.exam}</Link>
                  )}
                </td>
                <td>
                  {row.stage ?? '–'} {row.step !== undefined && <span className="faint">{row.step}</span>}
                </td>
                <td>
                  <HowItGoes of={row} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function HowItGoes({ of }: { of: JobDetail['underWay'][number] }): ReactNode {
  const { waiting, retrying, attempt, since, next } = of;
  if (waiting === undefined && retrying === undefined) return 'runs';
  return (
    <>
      {waiting !== undefined && <p className="trouble">Waits: {waiting}.</p>}
      {retrying !== undefined && (
        <>
          <p className="trouble">{retrying}</p>
          <p className="faint">
            {next === undefined ? `Attempt ${attempt} runs` : `Attempt ${attempt} comes at ${timeOf(next)}`}
            {since !== undefined && (
              <>
                ; first asked for <When time={since} />
              </>
            )}
            .
          </p>
        </>
      )}
    </>
  );
}

const timeOf = (time: string): string => new Date(time).toLocaleTimeString();
