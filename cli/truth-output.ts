import type { ExamResult } from '../index.js';
import type { ExamTruth, Truth } from '../models/phantom/truth.js';
import { LABELS, RESEARCH_USE_ONLY } from '../pipeline/predictions.js';
import { table } from './output.js';

/** How a label's probability is marked where the exam has such a lesion. */
const MARK = '*';

/** What an exam shows, in words: `malignant mass left, benign calcifications right`. */
export function shownBy({ lesions }: ExamTruth): string {
  if (lesions.length === 0) return 'no lesion';
  return lesions.map(({ kind, form, breast }) => `${kind} ${form} ${breast}`).join(', ');
}

/**
 * Results of phantom exams beside what they show, as lines: one row an exam, with the probabilities of the classifier that
 * sees images and heatmaps, and a mark on those whose label is true.
 */
export function linesBesideTruth(results: readonly ExamResult[], truth: Truth): string[] {
  const exams = new Map(truth.exams.map((exam) => [exam.exam, exam]));
  const rows = results.flatMap(({ exam, imageheatmaps }) => {
    const shown = exams.get(exam);
    if (shown === undefined || imageheatmaps === undefined) return [];
    const values = LABELS.map((label) => `${imageheatmaps[label].toFixed(4)}${shown.labels[label] ? MARK : ' '}`);
    return [[exam, shownBy(shown), ...values]];
  });
  const predicted = [
    table(['EXAM', 'SHOWS', ...LABELS.map((label) => label.toUpperCase())], rows),
    `${MARK} drawn with such a lesion. Probabilities by images and heatmaps; \`results\` has both classifiers.`,
  ];
  const others = results
    .filter(({ imageheatmaps }) => imageheatmaps === undefined)
    .map(({ exam, outcome, reason }) => `${exam}: ${outcome}${reason === undefined ? '' : `: ${reason}`}`);
  return [
    ...(rows.length > 0 ? predicted : []),
    ...others,
    '',
    'These exams are synthetic: a program drew them, they show no patient.',
    ...new Set(results.flatMap((result) => result.notice ?? [])),
    RESEARCH_USE_ONLY,
  ];
}
