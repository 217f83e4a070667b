import type { ReactNode } from 'react';
import { Badge } from '../parts/state-badge.js';

const LOOKS: Readonly<Record<string, string>> = {
  running: 'busy',
  completed: 'good',
  failed: 'bad',
  cancelled: 'gone',
};

/** How a job stands, and whether exams failed in it. */
export function JobStatus({ status, failed }: { status: string; failed: number }): ReactNode {
  return (
    <>
      <Badge look={LOOKS[status] ?? 'bad'}>{status}</Badge>
      {failed > 0 && (
        <>
          {' '}
          <Badge look="bad">{failed} failed</Badge>
        </>
      )}
    </>
  );
}
