import type { ExamResult } from '../index.js';
import { LABELS, RESEARCH_USE_ONLY, VARIANTS } from '../pipeline/predictions.js';
import type { QualityWarning } from '../pipeline/quality-report.js';
import { csv, printLine, table } from './output.js';

/** Results for people: one row an exam, then what has no predictions and why. */
export function printResults(results: readonly ExamResult[]): void {
  if (results.length === 0) {
    printLine('no exams');
    return;
  }
  const rows = results.flatMap((result) => {
    const { exam, outcome, image, imageheatmaps, bundle } = result;
    if (image === undefined || imageheatmaps === undefined) return [];
    const values = LABELS.map((label) => VARIANTS.map((variant) => result[variant]?.[label].toFixed(4)).join('  '));
    return [[exam, outcome, ...values, bundle]];
  });
  if (rows.length > 0) {
    printLine(table(['EXAM', 'OUTCOME', ...LABELS.map((label) => label.toUpperCase()), 'BUNDLE'], rows));
    printLine('Of each label: by the classifier on images, and by the one on images with heatmaps.');
  }
  for (const { exam, outcome, reason, inbox, image, warnings = [] } of results) {
    if (image === undefined) printLine(`${exam}: ${outcomeText(outcome, reason)}`);
    for (const warning of warnings) printLine(`${exam}: warning: ${warningText(warning)}`);
    if (inbox !== undefined && inbox !== reason) printLine(`${exam}: in the inbox: ${inbox}`);
  }
  for (const notice of new Set(results.flatMap((result) => result.notice ?? []))) printLine(notice);
  printLine(RESEARCH_USE_ONLY);
}

/** `L_CC: The breast is cut at the top. (breast-cut)` */
export const warningText = ({ code, view, message }: QualityWarning): string =>
  `${view === undefined ? '' : `${view}: `}${message} (${code})`;

const WAITS = /^Waiting /;

/** "failed: L_CC.png is cut short", "waiting for R_MLO since 10:42". */
function outcomeText(outcome: ExamResult['outcome'], reason: string | undefined): string {
  if (reason === undefined) return outcome;
  return outcome === 'waiting' && WAITS.test(reason) ? reason.replace(WAITS, 'waiting ') : `${outcome}: ${reason}`;
}

/** Results as CSV (RFC 4180), one line an exam and classifier; the notice is a column, so that it travels with every row. */
export function resultsCsv(results: readonly ExamResult[]): string {
  const header = ['exam', 'outcome', 'reason', 'job', 'bundle', 'classifier', ...LABELS, 'warnings', 'notice'];
  const lines = results.flatMap((result) =>
    VARIANTS.map((variant) => [
      result.exam,
      result.outcome,
      result.reason ?? '',
      result.job ?? '',
      result.bundle ?? '',
      variant,
      ...LABELS.map((label) => result[variant]?.[label].toString() ?? ''),
      (result.warnings ?? []).map(warningText).join(' '),
      [RESEARCH_USE_ONLY, result.notice].filter(Boolean).join(' '),
    ]),
  );
  return csv([header, ...lines]);
}
