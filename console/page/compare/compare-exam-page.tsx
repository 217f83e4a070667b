import '../exam/exam.css';
import './compare.css';
import { type ReactNode, useMemo } from 'react';
import { Link, useSearch } from 'wouter';
import { LABELS, VARIANTS } from '../../../pipeline/labels.js';
import type { ExamComparison } from '../../contract/compare.js';
import type { ExamDetail } from '../../contract/exams.js';
import { useApi } from '../api/queries.js';
import { labelWord, variantWord } from '../exams/words.js';
import { Short, When } from '../parts/figures.js';
import { Loaded } from '../parts/loaded.js';
import { PageHead } from '../parts/page-head.js';
import { RefChoice } from '../parts/ref-choice.js';
import { symmetricLimit } from '../viewer/difference.js';
import { DifferenceViews } from '../viewer/difference-views.js';
import { viewLabel } from '../viewer/hanging.js';
import { PATHS } from '../viewer/scene.js';

/** One exam at two states: its views, how its heatmaps differ, and how its predictions moved. */
export function CompareExamPage({ exam }: { exam: string }): ReactNode {
  const address = new URLSearchParams(useSearch());
  const before = address.get('before') ?? 'main';
  const after = address.get('after') ?? 'main';
  const path = PATHS.find((one) => one === address.get('painter'));
  const comparison = useApi('compareExam', { params: { exam }, query: { before, after } }, { keep: true });
  return (
    <>
      <PageHead title={`${exam}, compared`}>
        <RefChoice name="before" label="Before" />
        <RefChoice name="after" label="After" />
        <div className="end">
          <Link href={`/compare?${new URLSearchParams({ before, after })}`}>All exams</Link>
          <Link href={`/exams/${encodeURIComponent(exam)}?${new URLSearchParams({ ref: after })}`}>The exam</Link>
        </div>
      </PageHead>
      <Loaded of={comparison}>{(data) => <Compared exam={exam} comparison={data} path={path} />}</Loaded>
    </>
  );
}

const NO_VIEWS: ExamDetail['views'] = [];

function Compared({
  exam,
  comparison: { before, after, heatmaps, unreadable },
  path,
}: {
  exam: string;
  comparison: ExamComparison;
  path: (typeof PATHS)[number] | undefined;
}): ReactNode {
  const limit = symmetricLimit(Math.max(0, ...heatmaps.map(({ max = 0 }) => max)));
  const reasons = useMemo(
    () => new Map(heatmaps.flatMap(({ view, reason }) => (reason === undefined ? [] : [[view, reason] as const]))),
    [heatmaps],
  );
  return (
    <>
      {unreadable !== undefined && <p className="problem">{unreadable}</p>}
      <div className="exam">
        <DifferenceViews
          exam={exam}
          before={before?.views ?? NO_VIEWS}
          after={after?.views ?? NO_VIEWS}
          limit={limit}
          reasons={reasons}
          origin={[`before ${stateText(before)}`, `after ${stateText(after)}`]}
          path={path}
        />
        <aside aria-label="How it moved" tabIndex={0}>
          <Moves before={before} after={after} />
          <dl className="facts">
            <Side word="Before" detail={before} />
            <Side word="After" detail={after} />
          </dl>
        </aside>
      </div>
      <section className="panel">
        <h2>Heatmaps that differ</h2>
        {heatmaps.length === 0 ? (
          <p>{unreadable === undefined ? 'None: their bytes are the same.' : 'They could not be read.'}</p>
        ) : (
          <table>
            <thead>
              <tr>
                <th scope="col">View</th>
                <th scope="col">Class</th>
                <th scope="col" className="number">
                  mean |change|
                </th>
                <th scope="col" className="number">
                  greatest
                </th>
                <th scope="col">where (row, column on disk, of what was cut out)</th>
              </tr>
            </thead>
            <tbody>
              {heatmaps.map(({ view, class: name, mean, max, at, reason }) => (
                <tr key={`${view} ${name}`}>
                  <td>{viewLabel(view)}</td>
                  <td>{name}</td>
                  <td className="number">{mean?.toFixed(4) ?? '–'}</td>
                  <td className="number">{max?.toFixed(3) ?? '–'}</td>
                  <td>{reason ?? at?.join(', ') ?? '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
    </>
  );
}

const stateText = (detail: ExamDetail | null): string =>
  detail === null
    ? 'not there'
    : `commit ${detail.commit.id.slice(0, 12)}${detail.row.bundle === null ? '' : `, bundle ${detail.row.bundle}`}`;

function Side({ word, detail }: { word: string; detail: ExamDetail | null }): ReactNode {
  return (
    <>
      <dt>{word}</dt>
      <dd>
        {detail === null ? (
          'no such exam at this state'
        ) : (
          <>
            <Short id={detail.commit.id} />, <When time={detail.commit.time} />
            {detail.row.bundle !== null && `, ${detail.row.bundle}`}
          </>
        )}
      </dd>
    </>
  );
}

/** All eight predictions on both sides. */
function Moves({ before, after }: { before: ExamDetail | null; after: ExamDetail | null }): ReactNode {
  return VARIANTS.map((variant) => (
    <table key={variant} className="breast">
      <caption>{variantWord(variant)}</caption>
      <thead>
        <tr>
          <th scope="col">Label</th>
          <th scope="col" className="number">
            before
          </th>
          <th scope="col" className="number">
            after
          </th>
          <th scope="col" className="number">
            change
          </th>
        </tr>
      </thead>
      <tbody>
        {LABELS.map((label) => {
          const [old, now] = [before?.row[variant]?.[label], after?.row[variant]?.[label]];
          return (
            <tr key={label}>
              <th scope="row">{labelWord(label)}</th>
              <td className="number">{old?.toFixed(3) ?? '–'}</td>
              <td className="number">{now?.toFixed(3) ?? '–'}</td>
              <td className="number">{old === undefined || now === undefined ? '–' : changeText(now - old)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  ));
}

const changeText = (change: number): string => `${change > 0 ? '+' : ''}${change.toFixed(3).replace('-', '−')}`;
