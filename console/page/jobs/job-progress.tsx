import type { ReactNode } from 'react';
import { count } from '../parts/figures.js';
import { Segments } from '../parts/segments.js';

interface Exams {
  readonly processed: number;
  readonly skipped: number;
  readonly failed: number;
}

/** How many of a job's exams have an outcome. */
export const finishedOf = ({ processed, skipped, failed }: Exams): number => processed + skipped + failed;

/** How far a job is. */
export function JobProgress({ exams, total }: { exams: Exams; total: number }): ReactNode {
  const { processed, skipped, failed } = exams;
  return (
    <span className="job-progress">
      <Segments
        total={total}
        label={`${processed} processed, ${skipped} known already, ${failed} failed, of ${total}`}
        parts={[
          { name: 'processed', value: processed, look: 'good' },
          { name: 'skipped', value: skipped, look: 'known' },
          { name: 'failed', value: failed, look: 'bad' },
        ]}
      />
      <span className="number">
        {count(finishedOf(exams))} / {count(total)}
      </span>
    </span>
  );
}
