import type { ReactNode } from 'react';
import type { JobDetail } from '../../contract/jobs.js';
import { count, duration } from '../parts/figures.js';
import { Segments } from '../parts/segments.js';

const PARTS = [
  ['waiting', 'for a worker, after what a stage reads was there'],
  ['fetching', 'files from S3'],
  ['computing', 'the stage itself'],
  ['storing', 'files and records to S3'],
] as const;

/** Where the time of a job's exams goes. */
export function TimeSplit({ time }: Pick<JobDetail, 'time'>): ReactNode {
  const parts = PARTS.map(([name, what], index) => ({ name, what, value: time[name], look: `part-${index + 1}` }));
  const whole = parts.reduce((sum, { value }) => sum + (value ?? 0), 0);
  return (
    <section className="panel">
      <h2>Where the time goes</h2>
      {whole === 0 ? (
        <p className="faint">Nothing that this job computed was measured yet.</p>
      ) : (
        <>
          <Segments
            total={whole}
            label={parts.map(({ name, value }) => `${name} ${duration(value ?? 0)}`).join(', ')}
            parts={parts.map(({ name, value, look }) => ({ name, value: value ?? 0, look }))}
          />
          <table className="split">
            <thead>
              <tr>
                <th>part</th>
                <th className="number">of all</th>
                <th className="number">time in sum</th>
              </tr>
            </thead>
            <tbody>
              {parts.map(({ name, what, value, look }) => (
                <tr key={name}>
                  <td>
                    <svg className="key" viewBox="0 0 10 10" aria-hidden="true">
                      <rect className={look} width="10" height="10" />
                    </svg>
                    {name} <span className="faint">{what}</span>
                  </td>
                  <td className="number">{value === null ? '–' : `${Math.round((value / whole) * 100)}%`}</td>
                  <td className="number">{value === null ? '–' : duration(value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <p className="faint">
            Of {count(time.exams)} {time.exams === 1 ? 'exam' : 'exams'}, in sum over all stages; many run at once.
          </p>
        </>
      )}
    </section>
  );
}
