import type { QualitySettings } from '../../pipeline/quality-policy.js';
import type { Finding } from '../../pipeline/quality-report.js';
import { cutOut } from '../crop-view.js';
import { mirrorColumns } from '../orientation.js';
import type { Grey16Image } from '../planes.js';
import type { ViewSubject } from './check.js';
import { viewFindings } from './inspect.js';
import { type MeasuredView, measureView } from './measure-view.js';

/** What can be put right in a picture without losing anything of the breast. */
export const MENDS = ['swap-bytes', 'invert', 'crop-frame', 'mirror'] as const;
export type Mend = (typeof MENDS)[number];

/** What would put a view right, and what the checks find after that. */
export interface MendedView {
  /** In the order in which they are to be applied; empty where nothing would help. */
  readonly mends: readonly Mend[];
  readonly image: Grey16Image;
  readonly findings: readonly Finding[];
}

/**
 * Looks for changes without loss after which fewer checks refuse a view. They are a proposal: a mirrored picture may as
 * well be one of the other breast, which only a person can tell.
 */
export function mendView(image: Grey16Image, subject: ViewSubject, settings: QualitySettings): MendedView {
  const first = measureView(image);
  let state = { image, measured: first, findings: viewFindings(first, subject, settings), mends: [] as Mend[] };
  for (let mend = wanted(state.findings); mend !== undefined; mend = wanted(state.findings)) {
    if (state.mends.includes(mend)) break;
    const mended = applyMend(state.image, mend, state.measured);
    const measured = measureView(mended);
    const findings = viewFindings(measured, subject, settings);
    if (refusals(findings) >= refusals(state.findings)) break;
    state = { image: mended, measured, findings, mends: [...state.mends, mend] };
  }
  return { mends: state.mends, image: state.image, findings: state.findings };
}

/** Applies one change to a view; `measured` is what was measured of it. */
export function applyMend(image: Grey16Image, mend: Mend, measured: MeasuredView = measureView(image)): Grey16Image {
  switch (mend) {
    case 'swap-bytes':
      return { ...image, pixels: image.pixels.map((value) => ((value & 0xff) << 8) | (value >> 8)) };
    case 'invert': {
      const brightest = image.pixels.reduce((most, value) => Math.max(most, value), 0);
      return { ...image, pixels: image.pixels.map((value) => brightest - value) };
    }
    case 'crop-frame': {
      const { top, bottom, left, right } = measured.frame;
      return cutOut(image, { top, bottom: image.rows - bottom, left, right: image.columns - right });
    }
    case 'mirror':
      return mirrorColumns(image);
  }
}

/** The next change to try, in the order in which they hide each other's faults. */
function wanted(findings: readonly Finding[]): Mend | undefined {
  const fault = (code: Finding['code']): number | undefined =>
    findings.find((finding) => finding.code === code && finding.verdict !== 'ok')?.value;
  if ((fault('byte-order') ?? 0) > 1) return 'swap-bytes';
  if ((fault('polarity') ?? 1) < 0.5) return 'invert';
  if (fault('frame') !== undefined) return 'crop-frame';
  if ((fault('chest-wall-side') ?? 0) < 0) return 'mirror';
  return undefined;
}

const refusals = (findings: readonly Finding[]): number =>
  findings.filter(({ verdict }) => verdict === 'refuse').length;
