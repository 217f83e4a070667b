import type { EvaluationFigures, Share } from './evaluation-report.js';
import type { Interval } from './intervals.js';
import { STATED_THRESHOLD } from './measured-exam.js';

const digits = (value: number, places = 3): string => (Number.isNaN(value) ? 'n/a' : value.toFixed(places));
const between = ({ low, high }: Interval, places = 3): string => `${digits(low, places)} – ${digits(high, places)}`;
const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;

function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [row(header), `|${header.map(() => '---|').join('')}`, ...rows.map(row)].join('\n');
}

const shareRow = (what: string, { hits, cases, share, interval }: Share): (string | number)[] => [
  what,
  `${hits} of ${cases}`,
  digits(share),
  between(interval),
];

/** The figures of an evaluation as Markdown, for the model card and the terminal. */
export function evaluationTables({ exams, examsByKind, auc, hits, marks, calibration }: EvaluationFigures): string {
  const kinds = Object.entries(examsByKind)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ');
  return [
    `${exams} exams (${kinds}); a breast is a case.`,
    '',
    '**Area under the ROC curve** (95 % interval: bootstrap over exams, 2,000 draws)',
    '',
    table(
      ['classifier', 'label', 'positive', 'negative', 'AUC', '95 % interval'],
      auc.map(({ variant, label, positives, negatives, auc: value, interval }) => [
        variant,
        label.replace('_', ' '),
        positives,
        negatives,
        digits(value),
        between(interval),
      ]),
    ),
    '',
    "**Is the malignant heatmap's maximum inside a malignant lesion?** (95 % interval: Wilson)",
    '',
    table(
      ['cases', 'inside', 'share', '95 % interval'],
      [
        shareRow('views with a malignant lesion', hits.views),
        ...Object.entries(hits.byForm).map(([form, share]) =>
          shareRow(`– whose malignant lesions are all ${form === 'mass' ? 'masses' : form}`, share),
        ),
        shareRow("breasts with one (the greater of both views' maxima)", hits.breasts),
      ],
    ),
    '',
    `**Marks**: connected regions of the malignant heatmap at or above a threshold; the stated one is ${STATED_THRESHOLD}`,
    '',
    table(
      [
        'threshold',
        'malignant lesions marked, of those in views',
        'share (95 %)',
        'false marks per exam without lesion (95 %)',
        'in exams',
      ],
      marks.map(({ threshold, marked, falseMarks }) => [
        threshold,
        `${marked.hits} of ${marked.cases}`,
        `${digits(marked.share)} (${between(marked.interval)})`,
        `${digits(falseMarks.perExam, 2)} (${between(falseMarks.interval, 2)})`,
        falseMarks.exams,
      ]),
    ),
    '',
    '**Calibration**: expected calibration error in ten bins, and Brier score',
    '',
    table(
      ['classifier', 'label', 'cases', 'calibration error', 'Brier score'],
      calibration.map(({ variant, kind, cases, expectedCalibrationError, brierScore }) => [
        variant,
        kind,
        cases,
        digits(expectedCalibrationError),
        digits(brierScore),
      ]),
    ),
    '',
    'Calibration curve: mean probability → share of positive cases (cases), by bin of probability',
    '',
    table(
      ['bin', ...calibration.map(({ variant, kind }) => `${variant}, ${kind}`)],
      (calibration[0]?.bins ?? []).map(({ from, to }, index) => [
        `${digits(from, 1)} – ${digits(to, 1)}`,
        ...calibration.map(({ bins }) => {
          const bin = bins[index];
          return bin === undefined || bin.meanProbability === null
            ? '–'
            : `${digits(bin.meanProbability, 2)} → ${digits(bin.positives / bin.cases, 2)} (${bin.cases})`;
        }),
      ]),
    ),
  ].join('\n');
}
