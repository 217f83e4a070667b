import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import type { JobDetail, JobExam } from '../../contract/jobs.js';
import { usePages } from '../api/queries.js';
import { count, duration } from '../parts/figures.js';
import { LoadMore } from '../parts/load-more.js';
import { Loaded } from '../parts/loaded.js';
import { RoleButton } from '../parts/role-button.js';
import { Badge } from '../parts/state-badge.js';
import { useFilter } from '../parts/use-filter.js';
import { RetryJob } from './retry-job.js';

const OUTCOMES = { processed: 'processed', failed: 'failed', skipped: 'known already' } as const;
type Outcome = keyof typeof OUTCOMES;
const LOOKS: Readonly<Record<Outcome, string>> = { processed: 'good', failed: 'bad', skipped: 'gone' };

const SORTS = { failed: 'failed first, then the slowest', slowest: 'slowest first', exam: 'by id' } as const;
type Sort = keyof typeof SORTS;

const keyIn = <T extends object>(words: T, value: string | null): keyof T | undefined =>
  value !== null && Object.hasOwn(words, value) ? (value as keyof T) : undefined;

/** The exams that a job has finished: what failed first, and what took longest next. */
export function JobExams({ of: { job, branch, exams } }: { of: JobDetail }): ReactNode {
  const [address, set] = useFilter();
  const outcome = keyIn(OUTCOMES, address.get('outcome'));
  const sort = keyIn(SORTS, address.get('sort')) ?? 'failed';
  const query = { sort, ...(outcome === undefined ? {} : { outcome }) };
  const rows = usePages('jobExams', { params: { job }, query }, { keep: true });
  const [again, setAgain] = useState<string>();
  return (
    <section className="panel">
      <div className="toolbar">
        <h2>Exams</h2>
        <div className="choices" role="group" aria-label="Outcomes">
          {(Object.keys(OUTCOMES) as Outcome[]).map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={outcome === name}
              onClick={() => set({ outcome: outcome === name ? undefined : name })}
            >
              {OUTCOMES[name]} {count(exams[name])}
            </button>
          ))}
        </div>
        <label>
          Sort
          <select
            value={sort}
            onChange={({ target: { value } }) => set({ sort: value === 'failed' ? undefined : value })}
          >
            {(Object.keys(SORTS) as Sort[]).map((name) => (
              <option key={name} value={name}>
                {SORTS[name]}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Loaded of={rows}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          return items.length === 0 ? (
            <NoExams outcome={outcome} known={exams.skipped} />
          ) : (
            <ExamTable rows={items} retry={setAgain} />
          );
        }}
      </Loaded>
      <LoadMore pages={rows} />
      {again !== undefined && <RetryJob job={job} branch={branch} exams={again} close={() => setAgain(undefined)} />}
    </section>
  );
}

function NoExams({ outcome, known }: { outcome: Outcome | undefined; known: number }): ReactNode {
  if (known > 0 && (outcome === undefined || outcome === 'skipped')) {
    return (
      <p className="faint">
        {count(known)} {known === 1 ? 'exam was' : 'exams were'} known already: the same files, model, parameters and
        code had been computed before, so the results were taken from there at once, without a list of their own.
      </p>
    );
  }
  return <p className="faint">{outcome === undefined ? 'No exam has an outcome yet.' : 'No exam has this outcome.'}</p>;
}

function ExamTable({ rows, retry }: { rows: readonly JobExam[]; retry: (exam: string) => void }): ReactNode {
  return (
    <div className="scrolls">
      <table className="job-exams">
        <thead>
          <tr>
            <th>exam</th>
            <th>outcome</th>
            <th className="number">computed in</th>
            <th>stages</th>
            <th>bundle</th>
            <th>
              <span className="unseen">more</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ exam, outcome, stage, reason, seconds, stages, bundle, temporal }) => (
            <tr key={exam}>
              <td>
                <Link href={`/exams/${encodeURIComponent(exam)}`}>{exam}</Link>
              </td>
              <td className="outcome">
                <Badge look={LOOKS[outcome]}>
                  {OUTCOMES[outcome]}
                  {stage === undefined ? '' : ` at ${stage}`}
                </Badge>
                {reason !== undefined && <p className="trouble">{reason}</p>}
              </td>
              <td className="number">{seconds === null ? '–' : duration(seconds)}</td>
              <td>
                <StagesOf stages={stages} />
              </td>
              <td>{bundle}</td>
              <td className="actions">
                {outcome === 'failed' && (
                  <RoleButton needs="operate" label={`Try again: ${exam}`} onClick={() => retry(exam)}>
                    Try again
                  </RoleButton>
                )}
                {temporal !== null && (
                  <a href={temporal} target="_blank" rel="noreferrer" aria-label={`Temporal: ${exam}`}>
                    Temporal
                  </a>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What became of each stage: computed in how long, or why not. */
function StagesOf({ stages }: Pick<JobExam, 'stages'>): ReactNode {
  return (
    <ul className="stages-of">
      {stages.map(({ stage, status, seconds, why }) => (
        <li key={stage} className={status}>
          {stage} <span>{seconds === undefined ? (why ?? status) : duration(seconds)}</span>
        </li>
      ))}
    </ul>
  );
}
