import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { usePages } from '../api/queries.js';
import { Short, When } from '../parts/figures.js';
import { LoadMore } from '../parts/load-more.js';
import { Problem } from '../parts/problem.js';

/** Commits that changed the exam, each of which can be opened. */
export function ExamHistory({
  exam,
  reference,
  shown,
}: {
  exam: string;
  reference: string;
  /** The commit that the page shows. */
  shown: string;
}): ReactNode {
  const history = usePages('examHistory', { params: { exam }, query: { ref: reference } });
  const items = history.data?.pages.flatMap((page) => page.items) ?? [];
  const place = `/exams/${encodeURIComponent(exam)}`;
  return (
    <section className="panel">
      <h2>History</h2>
      {history.error && <Problem error={history.error} retry={() => history.refetch()} />}
      {history.isPending && <p className="waiting">Loading…</p>}
      <ol className="history">
        {items.map((item) => (
          <li key={item.commit} aria-current={item.commit === shown ? 'true' : undefined}>
            <div>
              <Link href={`${place}?ref=${item.commit}`}>
                <Short id={item.commit} />
              </Link>{' '}
              <When time={item.time} /> · {item.changed.join(', ')}
              {item.outcome === 'failed' && ' · failed'}
              {item.imageheatmaps && (
                <>
                  {' '}
                  · malignant R {item.imageheatmaps.right_malignant.toFixed(3)} L{' '}
                  {item.imageheatmaps.left_malignant.toFixed(3)}
                </>
              )}
            </div>
            <div className="faint">
              {item.message} ({item.author}
              {item.bundle === null ? '' : `, ${item.bundle}`}) ·{' '}
              <Link
                href={`/compare/${encodeURIComponent(exam)}?before=${item.commit}&after=${encodeURIComponent(reference)}`}
              >
                compare
              </Link>
            </div>
          </li>
        ))}
      </ol>
      <LoadMore pages={history} />
    </section>
  );
}
