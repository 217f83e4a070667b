import { CHANGE_BINS } from '../api/comparison/change-distribution.js';
import type { HeatmapDifference } from '../api/comparison/compare-heatmaps.js';
import type { Comparison, ExamChange } from '../api/comparison/compare-results.js';
import { RESEARCH_USE_ONLY } from '../pipeline/predictions.js';
import { csv, printLine, table } from './output.js';
import { warningText } from './results-output.js';

/** Probabilities to four decimals, as `results` has them; a change with its sign. */
const shown = (value: number | undefined): string => value?.toFixed(4) ?? '';
const signed = (value: number | undefined): string =>
  value === undefined ? '' : `${value < 0 ? '' : '+'}${value.toFixed(4)}`;

/** A comparison for people: counts, the greatest movements, their distribution, the heatmaps, what was left out. */
export function printComparison(comparison: Comparison, limit: number): void {
  const { before, after, equal, exams, onlyBefore, onlyAfter, uncompared, bundles, movements, heatmaps } = comparison;
  const at = ({ commit, sequence }: Comparison['before']): string => `${commit.slice(0, 12)} (${sequence})`;
  printLine(`${at(before)} → ${at(after)}: ${exams.length} exams were classified anew, ${equal} are equal`);
  for (const pair of bundles) printLine(`  ${pair.exams} with bundle ${pair.before} → ${pair.after}`);
  if (movements.length > 0) {
    printLine();
    printLine(movementTable(comparison, limit));
    if (movements.length > limit) printLine(`… and ${movements.length - limit} more; --limit shows them`);
    printLine();
    printLine(distributionTable(comparison));
  }
  for (const { exam, warnings = [] } of exams.slice(0, limit)) {
    for (const warning of warnings) printLine(`${exam}: warning: ${warningText(warning)}`);
  }
  if (heatmaps.differ > 0) printHeatmaps(heatmaps, limit);
  if (onlyBefore.length + onlyAfter.length + uncompared.length > 0) printLine();
  for (const exam of onlyBefore) printLine(`${exam}: only before`);
  for (const exam of onlyAfter) printLine(`${exam}: only after`);
  for (const one of uncompared) {
    const sides = [
      ...(one.before === undefined ? [] : [`before: ${one.before}`]),
      ...(one.after === undefined ? [] : [`after: ${one.after}`]),
    ];
    printLine(`${one.exam}: no predictions ${sides.join(' ')}`);
  }
  printLine();
  printLine(RESEARCH_USE_ONLY);
}

function movementTable({ movements, exams }: Comparison, limit: number): string {
  const byName = new Map(exams.map((exam) => [exam.exam, exam] as const));
  return table(
    ['EXAM', 'CLASSIFIER', 'LABEL', 'BEFORE', 'AFTER', 'CHANGE', 'CROSSES', 'BUNDLE', 'FILES'],
    movements.slice(0, limit).map(({ exam, variant, label, before, after, change, crosses }) => {
      const origin = byName.get(exam) as ExamChange;
      return [
        exam,
        variant,
        label,
        shown(before),
        shown(after),
        signed(change),
        crosses ? (change > 0 ? 'up' : 'down') : '',
        `${origin.before.bundle} → ${origin.after.bundle}`,
        origin.filesChanged ? 'changed' : '',
      ];
    }),
  );
}

function distributionTable({ distributions }: Comparison): string {
  const bins = CHANGE_BINS.slice(0, -1).map((from) => `≥${from}`);
  return table(
    ['CLASSIFIER', 'LABEL', 'EXAMS', 'MEAN', 'MEDIAN', 'P5', 'P95', 'GREATEST', 'UP', 'DOWN', ...bins],
    distributions.map(({ variant, label, count, mean, median, p5, p95, greatest, crossing, histogram }) => [
      variant,
      label,
      count,
      ...[mean, median, p5, p95, greatest].map(signed),
      crossing.up,
      crossing.down,
      ...histogram.map((bin) => bin.count),
    ]),
  );
}

function printHeatmaps({ differ, compared, differences, unreadable }: Comparison['heatmaps'], limit: number): void {
  printLine();
  printLine(
    `heatmaps of ${differ} exams were made anew; compared here: ${compared.join(', ') || 'none (see --heatmaps)'}`,
  );
  for (const { exam, reason } of unreadable) printLine(`  ${exam}: ${reason}`);
  if (compared.length > unreadable.length && differences.length === 0) printLine('  all with the same bytes');
  const shownRows = differences.slice(0, Math.max(limit, 1));
  if (differences.length > 0) {
    printLine(table(['EXAM', 'VIEW', 'CLASS', 'MEAN', 'MAXIMUM', 'ROW', 'COLUMN', ''], shownRows.map(heatmapRow)));
  }
  if (differences.length > shownRows.length) printLine(`… and ${differences.length - shownRows.length} more`);
}

function heatmapRow({ exam, view, class: name, difference, shapes }: HeatmapDifference): (string | number)[] {
  if (difference !== undefined) {
    return [exam, view, name, difference.mean.toFixed(6), shown(difference.maximum), difference.row, difference.column];
  }
  const size = (shape: readonly number[] | undefined): string => shape?.join(' × ') ?? '';
  return [exam, view, name, '', '', '', '', `cropped otherwise: ${size(shapes?.before)} → ${size(shapes?.after)}`];
}

/** The movements as CSV (RFC 4180), greatest first; the notice is a column, so that it travels with every row. */
export function comparisonCsv({ movements, exams }: Comparison): string {
  const byName = new Map(exams.map((exam) => [exam.exam, exam] as const));
  const header = [
    'exam',
    'classifier',
    'label',
    'before',
    'after',
    'change',
    'crosses',
    'bundle_before',
    'bundle_after',
    'files_changed',
    'warnings',
    'notice',
  ];
  const lines = movements.map(({ exam, variant, label, before, after, change, crosses }) => {
    const origin = byName.get(exam) as ExamChange;
    return [
      exam,
      variant,
      label,
      before,
      after,
      change,
      String(crosses),
      origin.before.bundle,
      origin.after.bundle,
      String(origin.filesChanged),
      (origin.warnings ?? []).map(warningText).join(' '),
      RESEARCH_USE_ONLY,
    ];
  });
  return csv([header, ...lines]);
}
