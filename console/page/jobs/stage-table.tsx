import type { ReactNode } from 'react';
import type { JobDetail } from '../../contract/jobs.js';
import { count, duration } from '../parts/figures.js';
import { Segments } from '../parts/segments.js';

/** How far each stage of a job is, and how long it takes. */
export function StageTable({ stages, total }: Pick<JobDetail, 'stages' | 'total'>): ReactNode {
  return (
    <section className="panel scrolls">
      <h2>Stages</h2>
      {stages.length === 0 ? (
        <p className="faint">No stage has finished anything yet.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>stage</th>
              <th className="wide">progress</th>
              <th className="number">computed</th>
              <th className="number" title="The same had been computed before, and is used again.">
                known already
              </th>
              <th className="number">failed</th>
              <th className="number" title="A stage before it failed.">
                blocked
              </th>
              <th className="number" title="In the mean, of the newest few hundred.">
                time an exam
              </th>
            </tr>
          </thead>
          <tbody>
            {stages.map(({ stage, computed, skipped, failed, blocked, seconds, measured }) => (
              <tr key={stage}>
                <td>{stage}</td>
                <td className="wide middle">
                  <Segments
                    total={total}
                    label={`${computed + skipped + failed + blocked} of ${total}`}
                    parts={[
                      { name: 'computed', value: computed, look: 'good' },
                      { name: 'skipped', value: skipped, look: 'known' },
                      { name: 'failed', value: failed, look: 'bad' },
                      { name: 'blocked', value: blocked, look: 'blocked' },
                    ]}
                  />
                </td>
                <td className="number">{count(computed)}</td>
                <td className="number">{count(skipped)}</td>
                <td className={failed > 0 ? 'number ill' : 'number'}>{count(failed)}</td>
                <td className="number">{count(blocked)}</td>
                <td className="number" title={`of ${measured}`}>
                  {seconds === undefined ? '–' : duration(seconds)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
