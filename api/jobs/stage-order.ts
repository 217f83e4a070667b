import type { JobSummary } from '../../pipeline/job.js';
import type { Session } from '../session.js';

/** A summary whose stages are in the order in which they run, for people: stored documents have them by name. */
export async function inStageOrder(session: Session, summary: JobSummary): Promise<JobSummary> {
  const order = (await session.stages()).map(({ name }) => name);
  const rank = (stage: string): number => {
    const place = order.indexOf(stage);
    // Those of another build come last.
    return place < 0 ? order.length : place;
  };
  const stages = Object.entries(summary.stages).sort(([a], [b]) => rank(a) - rank(b));
  return { ...summary, stages: Object.fromEntries(stages) };
}
