import type { View } from '../pipeline/exam.js';
import { RESEARCH_USE_ONLY } from '../pipeline/predictions.js';
import type { Finding } from '../pipeline/quality-report.js';
import { drawText, fillRectangle, GLYPH_ROWS, type Rgb, textWidth } from './bitmap-font.js';
import type { RgbPicture } from './planes.js';
import type { MeasuredExam } from './quality/check.js';
import type { ReducedView } from './quality/reduce-view.js';

export interface ContactSheetRequest {
  readonly exam: string;
  readonly verdict: Finding['verdict'];
  readonly findings: readonly Finding[];
  readonly measured: MeasuredExam;
}

/** Views as they are hung: right beside left, CC above MLO. */
const HUNG: readonly (readonly View[])[] = [
  ['R_CC', 'L_CC'],
  ['R_MLO', 'L_MLO'],
];
const MARGIN = 8;
/** Room for one view: its blocks are at most 400 along the longer side. */
const PANEL = 408;
const HISTOGRAM_ROWS = 48;
const HISTOGRAM_BINS = 256;
const LINE = GLYPH_ROWS + 4;
/** Lines of findings a view. */
const LINES = 6;
const PANEL_ROWS = PANEL + LINE + HISTOGRAM_ROWS + LINES * LINE + 2 * MARGIN;
const COLOURS: Readonly<Record<Finding['verdict'], Rgb>> = {
  ok: [60, 200, 90],
  warn: [240, 190, 40],
  refuse: [240, 70, 60],
};

/**
 * One picture of an exam as the quality checks see it: the four views small, a bar in the colour of each verdict, what is
 * not as expected by the names of the checks, and each view's histogram (grey values from left to right, height by the
 * logarithm of the count).
 */
export function contactSheet({ exam, verdict, findings, measured }: ContactSheetRequest): RgbPicture {
  const columns = 2 * PANEL + 3 * MARGIN;
  const ofExam = findings.filter(({ view }) => view === undefined);
  const head = (2 + ofExam.length) * LINE + MARGIN;
  const rows = head + 2 * PANEL_ROWS + LINE + MARGIN;
  const sheet = { rows, columns, pixels: new Uint8Array(3 * rows * columns).fill(24) };
  const characters = Math.floor((columns - 2 * MARGIN) / textWidth('--'.slice(1)));
  const line = (text: string, row: number, column: number, most = characters): void =>
    drawText(sheet, drawable(text).slice(0, most), row, column, 1);

  fillRectangle(sheet, 0, 0, 4, columns, COLOURS[verdict]);
  line(`${exam}: ${verdict}`, MARGIN, MARGIN);
  for (const [index, { code, verdict: found }] of ofExam.entries()) {
    line(`${found} ${code}`, MARGIN + (index + 1) * LINE, MARGIN);
  }
  for (const [row, views] of HUNG.entries()) {
    for (const [column, view] of views.entries()) {
      const top = head + row * PANEL_ROWS;
      const left = MARGIN + column * (PANEL + MARGIN);
      const own = findings.filter((finding) => finding.view === view);
      const worst = own.some((finding) => finding.verdict === 'refuse') ? 'refuse' : own.length > 0 ? 'warn' : 'ok';
      fillRectangle(sheet, top, left, 3, PANEL, COLOURS[worst]);
      const { reduced } = measured[view];
      // Chest walls together, as the views are hung.
      drawReduced(sheet, reduced, top + 4, column === 0 ? left + Math.max(0, PANEL - reduced.columns) : left);
      line(view, top + PANEL + 4, left);
      drawHistogram(sheet, reduced.histogram, top + PANEL + LINE, left);
      for (const [index, { code, verdict: found }] of own.slice(0, LINES).entries()) {
        line(`${found} ${code}`, top + PANEL + LINE + HISTOGRAM_ROWS + 4 + index * LINE, left);
      }
    }
  }
  line(RESEARCH_USE_ONLY, rows - LINE, MARGIN);
  return sheet;
}

/** The font has letters, digits and few signs. */
const drawable = (text: string): string => text.replaceAll(/[^A-Za-z0-9 ._,%-]/g, ' ');

/** A reduced view, its brightest block white. */
function drawReduced(sheet: RgbPicture, { rows, columns, means }: ReducedView, top: number, left: number): void {
  const brightest = means.reduce((most, value) => Math.max(most, value), 1);
  for (let row = 0; row < Math.min(rows, PANEL - 4); row += 1) {
    for (let column = 0; column < Math.min(columns, PANEL); column += 1) {
      const grey = Math.round((255 * (means[row * columns + column] as number)) / brightest);
      sheet.pixels.fill(
        grey,
        3 * ((top + row) * sheet.columns + left + column),
        3 * ((top + row) * sheet.columns + left + column) + 3,
      );
    }
  }
}

function drawHistogram(sheet: RgbPicture, histogram: Uint32Array, top: number, left: number): void {
  const bins = new Float64Array(HISTOGRAM_BINS);
  for (const [value, count] of histogram.entries()) bins[value >> 8]! += count;
  const highest = Math.log1p(bins.reduce((most, count) => Math.max(most, count), 1));
  for (const [bin, count] of bins.entries()) {
    const height = Math.round((HISTOGRAM_ROWS * Math.log1p(count)) / highest);
    fillRectangle(sheet, top + HISTOGRAM_ROWS - height, left + bin, height, 1, [150, 170, 200]);
  }
}
