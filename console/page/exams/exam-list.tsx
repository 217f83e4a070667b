import { useQueries } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useRef } from 'react';
import { Link } from 'wouter';
import { LABELS } from '../../../pipeline/labels.js';
import type { ApiError } from '../../contract/client.js';
import type { ExamRow, ExamsPage, ExamsQuery } from '../../contract/exams.js';
import { client } from '../api/client.js';
import { keyOf } from '../api/queries.js';
import { When } from '../parts/figures.js';
import { Probability } from '../parts/probability.js';
import { Problem } from '../parts/problem.js';
import { StateBadge } from '../parts/state-badge.js';
import { labelWord } from './words.js';

const ROW_PIXELS = 40;
/** Rows that are asked for together. */
const PAGE = 100;

/** Rows of exams: only those in sight are drawn, and only pages in sight are asked for, however long the list is. */
export function ExamList({ filter, total }: { filter: ExamsQuery; total: number }): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: total,
    getScrollElement: () => place.current,
    estimateSize: () => ROW_PIXELS,
    overscan: 12,
    scrollMargin: 0,
  });
  const inSight = rows.getVirtualItems();
  const numbers = [...new Set(inSight.map(({ index }) => Math.floor(index / PAGE)))];
  const pages = useQueries({
    queries: numbers.map((page) => {
      const request = { query: { ...filter, limit: PAGE, at: page * PAGE } };
      return {
        queryKey: keyOf('exams', request),
        queryFn: ({ signal }: { signal: AbortSignal }): Promise<ExamsPage> => client.exams({ ...request, signal }),
        // Pages that were scrolled past are not kept for long.
        gcTime: 60_000,
      };
    }),
  });
  const rowAt = (index: number): ExamRow | undefined => {
    const page = pages[numbers.indexOf(Math.floor(index / PAGE))];
    return page?.data?.items[index % PAGE];
  };
  const failed = pages.find(({ error }) => error !== null);
  const variant = filter.variant ?? 'imageheatmaps';
  return (
    <>
      {failed?.error && <Problem error={failed.error as ApiError} retry={() => failed.refetch()} />}
      <div className="exam-list" role="table" aria-label="Exams" aria-rowcount={total + 1}>
        <div className="rows" ref={place} tabIndex={0} role="rowgroup">
          <div className="exam-row head" role="row" aria-rowindex={1}>
            <span role="columnheader">exam</span>
            <span role="columnheader">state</span>
            <span role="columnheader">arrived</span>
            {LABELS.map((label) => (
              <span key={label} role="columnheader">
                {labelWord(label)}
              </span>
            ))}
            <span role="columnheader">bundle</span>
          </div>
          <div className="grid" role="presentation" style={{ height: rows.getTotalSize() }}>
            {inSight.map(({ index, start }) => (
              <Row
                key={index}
                row={rowAt(index)}
                number={index}
                top={start}
                variant={variant}
                state={filter.ref === undefined ? '' : `?ref=${encodeURIComponent(filter.ref)}`}
              />
            ))}
          </div>
        </div>
      </div>
    </>
  );
}

function Row({
  row,
  number,
  top,
  variant,
  state,
}: {
  row: ExamRow | undefined;
  number: number;
  top: number;
  variant: 'image' | 'imageheatmaps';
  state: string;
}): ReactNode {
  const values = row?.[variant];
  const old = row !== undefined && row.state !== 'done';
  const why = [row?.reason, ...(row?.warnings ?? []).map(({ message }) => message), row?.notice].filter(Boolean);
  return (
    <div className="exam-row body" role="row" aria-rowindex={number + 2} style={{ transform: `translateY(${top}px)` }}>
      <span role="cell">
        {row === undefined ? (
          <span className="faint">…</span>
        ) : (
          <Link href={`/exams/${encodeURIComponent(row.exam)}${state}`}>{row.exam}</Link>
        )}
      </span>
      <span role="cell" className="state" title={why.join('\n')}>
        {row && <StateBadge state={row.state} stage={row.stage} />}{' '}
        {row !== undefined && row.warnings.length > 0 && (
          <span className="badge waiting">
            {row.warnings.length} {row.warnings.length === 1 ? 'warning' : 'warnings'}
          </span>
        )}
        {row?.reason !== undefined && row.warnings.length === 0 && <span className="why"> {row.reason}</span>}
      </span>
      <span role="cell">{row && <When time={row.arrived} />}</span>
      {LABELS.map((label) => (
        <span key={label} role="cell">
          {row && <Probability value={values?.[label]} old={old} />}
        </span>
      ))}
      <span role="cell">{row?.bundle}</span>
    </div>
  );
}
