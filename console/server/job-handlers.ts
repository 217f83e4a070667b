import { pageOf } from '../../api/page.js';
import { MammoflowError } from '../../pipeline/errors.js';
import type { Handlers } from './routes.js';
import type { TemporalLinks } from './temporal-links.js';

type JobHandlers = Pick<Handlers, 'jobs' | 'job' | 'jobExams' | 'startJob' | 'retryJob' | 'cancelJob'>;

/** Jobs, and what starts and ends them. */
export function jobHandlers(links: TemporalLinks): JobHandlers {
  return {
    async jobs({ query: { limit, after }, mammoflow }) {
      const { items, more } = await pageOf(mammoflow.jobs({ limit: limit + 1, after }), limit);
      return { items: items.map((row) => ({ ...row })), ...(more === undefined ? {} : { next: more.job }) };
    },

    async job({ params: { job: id }, mammoflow }) {
      const { state, seconds, rate, secondsLeft, time } = await mammoflow.jobDetails({ job: id });
      const { underWay = [], stages, exams, bundles, ...rest } = state;
      return {
        ...rest,
        exams: { ...exams },
        bundles: [...bundles],
        stages: Object.entries(stages).map(([stage, counts]) => {
          const took = seconds.get(stage);
          return {
            stage,
            ...counts,
            ...(took === undefined ? {} : { seconds: took.mean }),
            measured: took?.measured ?? 0,
          };
        }),
        rate,
        secondsLeft,
        underWay: underWay.map((row) => ({ ...row })),
        time,
        temporal: links.workflow(id),
      };
    },

    async jobExams({ params: { job }, query: { outcome, sort, limit, after }, mammoflow }) {
      const skip = placeIn(after);
      const { items, total } = await mammoflow.jobExams({ job, outcome, sort, limit, skip });
      return {
        items: items.map((row) => ({
          ...row,
          stages: row.stages.map((stage) => ({ ...stage })),
          temporal: links.workflow(`${job}/${row.exam}`),
        })),
        total,
        ...(skip + limit < total ? { next: String(skip + limit) } : {}),
      };
    },

    startJob: ({ body: { branch, only }, mammoflow }) => mammoflow.process({ branch, only }),
    retryJob: ({ params: { job }, body: { exams }, mammoflow }) => mammoflow.retryJob({ job, exams }),
    async cancelJob({ params: { job }, mammoflow }) {
      const { status } = await mammoflow.cancel({ job });
      return { job, status };
    },
  };
}

/** These lists are short enough to be gone through again: a place is how many to pass over. */
function placeIn(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  if (/^\d{1,6}$/.test(cursor)) return Number(cursor);
  throw new MammoflowError('invalid-argument', 'That is no place in this list.', 'Begin with its first page.');
}
