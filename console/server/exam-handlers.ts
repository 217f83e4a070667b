import type { Mammoflow } from '../../api/mammoflow.js';
import { pageOf } from '../../api/page.js';
import { SIGNED_BINS } from '../../api/reading/compare-overview.js';
import type { ExamDetails, ExamLine } from '../../api/types.js';
import { MammoflowError } from '../../pipeline/errors.js';
import type { ExamDetail, ExamRow } from '../contract/exams.js';
import type { Handlers } from './routes.js';
import type { TemporalLinks } from './temporal-links.js';

type ExamHandlers = Pick<Handlers, 'exams' | 'exam' | 'examHistory' | 'compare' | 'compareExam'>;

/** Exams, one exam, and comparing. */
export function examHandlers(links: TemporalLinks): ExamHandlers {
  return {
    async exams({ query: { state, ...query }, mammoflow }) {
      const page = await mammoflow.exams({ ...query, states: state });
      return {
        commit: page.commit?.id ?? null,
        sequence: page.commit?.sequence ?? null,
        items: page.items.map(asRow),
        total: page.total,
        counts: page.counts,
        bundles: [...page.bundles],
        ...(page.next === undefined ? {} : { next: page.next }),
      };
    },

    exam: async ({ params: { exam }, query: { ref }, mammoflow }) =>
      asDetail(await mammoflow.exam({ exam, ref }), links),

    async examHistory({ params: { exam }, query: { ref, limit, after }, mammoflow }) {
      const { items, more } = await pageOf(mammoflow.examCommits({ exam, ref, after }), limit);
      return {
        items: items.map(
          ({ commit: { id, sequence, parent, time, author, message, by }, changed, outcome, predictions }) => ({
            ...{ commit: id, sequence, parent, time, author, message, by, changed: [...changed] },
            outcome: outcome?.outcome ?? null,
            bundle: outcome?.bundle ?? null,
            image: predictions?.image ?? null,
            imageheatmaps: predictions?.imageheatmaps ?? null,
          }),
        ),
        ...(more === undefined ? {} : { next: more.commit.id }),
      };
    },

    async compare({ query: { before, after, label, variant, threshold, points, limit }, mammoflow }) {
      const overview = await mammoflow.compareOverview({ before, after, label, variant, threshold });
      const { comparison, moves, signed } = overview;
      const drawn = moves.slice(0, points);
      const asMove = ({ exam, variant: of, label: name, before: old, after: now, change }: (typeof moves)[number]) => ({
        ...{ exam, variant: of, label: name, before: old, after: now, change },
      });
      return {
        before: comparison.before,
        after: comparison.after,
        equal: comparison.equal,
        differ: comparison.exams.length,
        onlyBefore: comparison.onlyBefore.length,
        onlyAfter: comparison.onlyAfter.length,
        uncompared: { count: comparison.uncompared.length, items: comparison.uncompared.slice(0, limit) },
        bundles: [...comparison.bundles],
        points: {
          exams: drawn.map(({ exam }) => exam),
          before: drawn.map((move) => move.before),
          after: drawn.map((move) => move.after),
          of: moves.length,
        },
        distributions: comparison.distributions.map((distribution) => ({
          ...distribution,
          histogram: [...distribution.histogram],
          signed: [
            ...(signed.get(`${distribution.variant}/${distribution.label}`) ?? new Array<number>(SIGNED_BINS).fill(0)),
          ],
        })),
        movers: moves.slice(0, limit).map(asMove),
        crossings: moves
          .filter(({ crosses }) => crosses)
          .slice(0, limit)
          .map(asMove),
      };
    },

    async compareExam({ params: { exam }, query: { before, after }, mammoflow }) {
      const compared = await mammoflow.compareExam({ exam, before, after });
      const [left, right] = await Promise.all([
        detailOrNull(mammoflow, exam, compared.before, links),
        detailOrNull(mammoflow, exam, compared.after, links),
      ]);
      if (left === null && right === null) {
        throw new MammoflowError('not-found', `Neither state has an exam ${exam}.`);
      }
      return {
        before: left,
        after: right,
        heatmaps: compared.heatmaps.map(({ view, class: name, difference, shapes }) => ({
          view,
          class: name,
          ...(difference === undefined
            ? { reason: `Their sizes differ: ${shapes?.before.join(' × ')} and ${shapes?.after.join(' × ')}.` }
            : {
                mean: difference.mean,
                max: difference.maximum,
                at: [difference.row, difference.column] as [number, number],
              }),
        })),
        ...(compared.unreadable === undefined ? {} : { unreadable: compared.unreadable }),
      };
    },
  };
}

async function detailOrNull(
  mammoflow: Mammoflow,
  exam: string,
  ref: string,
  links: TemporalLinks,
): Promise<ExamDetail | null> {
  try {
    return asDetail(await mammoflow.exam({ exam, ref }), links);
  } catch (error) {
    if (error instanceof MammoflowError && error.code === 'not-found') return null;
    throw error;
  }
}

function asRow({ since: _, warnings, ...line }: ExamLine): ExamRow {
  return { ...line, warnings: [...warnings] };
}

function asDetail({ line, explanation, views }: ExamDetails, links: TemporalLinks): ExamDetail {
  const { exam, commit, landed } = explanation;
  const job = landed?.by.kind === 'job' ? landed.by.job : undefined;
  const runOf = (of: string | undefined): string | null => (of === undefined ? null : links.workflow(`${of}/${exam}`));
  return {
    exam,
    commit,
    row: asRow(line),
    views: views.map((view) => ({
      ...view,
      warnings: line.warnings.filter((warning) => warning.view === view.view),
    })) as ExamDetail['views'],
    stages: explanation.stages.map((stage) => {
      const run = stage.status === 'computed' ? runOf(stage.job) : null;
      return { ...stage, ...(run === null ? {} : { temporal: run }) };
    }) as unknown as ExamDetail['stages'],
    landed:
      landed === undefined
        ? null
        : {
            commit: landed.commit,
            sequence: landed.sequence,
            time: landed.time,
            ...(job === undefined ? {} : { job }),
          },
    temporal: runOf(line.job ?? undefined),
  };
}
