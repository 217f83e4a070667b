import './exam.css';
import { type ReactNode, useEffect } from 'react';
import { Link, useSearch } from 'wouter';
import { RESEARCH_USE_ONLY } from '../../../pipeline/labels.js';
import type { ExamDetail, ExamState } from '../../contract/exams.js';
import { useApi } from '../api/queries.js';
import { Short, When } from '../parts/figures.js';
import { Loaded } from '../parts/loaded.js';
import { PageHead } from '../parts/page-head.js';
import { RefChoice } from '../parts/ref-choice.js';
import { StateBadge } from '../parts/state-badge.js';
import { ExamViews } from '../viewer/exam-views.js';
import { planes } from '../viewer/loaded-view.js';
import { PATHS, type PainterPath } from '../viewer/scene.js';
import { ExamHistory } from './exam-history.js';
import { examRequest, referenceOf } from './exam-request.js';
import { Provenance } from './provenance.js';
import { Results } from './results.js';

/** One exam at one state: its views, what the model says of it, how that came about, and how it was before. */
export function ExamPage({ exam }: { exam: string }): ReactNode {
  const address = new URLSearchParams(useSearch());
  const detail = useApi('exam', examRequest(exam, address), { keep: true });
  const erased = detail.data?.row.state === 'erased';
  // What this window holds of an exam ends with it.
  useEffect(() => {
    if (erased) planes.clear();
  }, [erased]);
  return (
    <>
      <PageHead title={exam}>
        {detail.data && <StateBadge state={detail.data.row.state} stage={detail.data.row.stage} />}
        <RefChoice />
        <div className="end">
          {detail.data?.temporal && (
            <a href={detail.data.temporal} target="_blank" rel="noreferrer">
              In Temporal
            </a>
          )}
        </div>
      </PageHead>
      <Loaded of={detail}>
        {(data) => <Detail detail={data} exam={exam} reference={referenceOf(address)} path={pathOf(address)} />}
      </Loaded>
    </>
  );
}

/** `painter=cpu` in the address draws without WebGL2, for whoever suspects the graphics driver. */
const pathOf = (address: URLSearchParams): PainterPath | undefined =>
  PATHS.find((path) => path === address.get('painter'));

function Detail({
  detail,
  exam,
  reference,
  path,
}: {
  detail: ExamDetail;
  exam: string;
  reference: string;
  path: PainterPath | undefined;
}): ReactNode {
  const { row, commit, views, landed } = detail;
  return (
    <>
      <div className="exam">
        <ExamViews exam={exam} views={views} origin={originOf(detail)} path={path} />
        <aside aria-label="Results" tabIndex={0}>
          {row.reason && <p className={isBad(row.state) ? 'problem' : 'panel'}>{row.reason}</p>}
          {row.notice && <p className="panel">{row.notice}</p>}
          <Results row={row} views={views} />
          <dl className="facts">
            <dt>State</dt>
            <dd>
              <Short id={commit.id} /> no. {commit.sequence}, <When time={commit.time} />
            </dd>
            <dt>Arrived</dt>
            <dd>
              <When time={row.arrived} />
            </dd>
            <dt>Bundle</dt>
            <dd>
              {row.bundle === null ? '–' : <Link href={`/models/${encodeURIComponent(row.bundle)}`}>{row.bundle}</Link>}
            </dd>
            <dt>Results of</dt>
            <dd>
              {landed === null ? (
                '–'
              ) : (
                <>
                  <Short id={landed.commit} />, <When time={landed.time} />
                </>
              )}
            </dd>
            <dt>Job</dt>
            <dd>
              {row.job === null ? (
                '–'
              ) : (
                <Link href={`/jobs/${encodeURIComponent(row.job)}`}>
                  <code>{row.job}</code>
                </Link>
              )}
            </dd>
          </dl>
          <p className="research">{RESEARCH_USE_ONLY}</p>
        </aside>
      </div>
      <div className="columns">
        <Provenance stages={detail.stages} />
        <ExamHistory exam={exam} reference={reference} shown={commit.id} />
      </div>
    </>
  );
}

const isBad = (state: ExamState): boolean => ['failed', 'damaged', 'refused'].includes(state);

/** What a saved picture says of where it is from. */
const originOf = ({ commit, row }: ExamDetail): string[] => [
  `commit ${commit.id.slice(0, 12)}`,
  ...(row.bundle === null ? [] : [`bundle ${row.bundle}`]),
];
