import type { DicomObject } from '../data-set/read-object.js';
import { decimals, itemsOf, text, words } from '../data-set/values.js';
import { invalidObject } from '../refusal.js';

/** What a VOI transformation makes of a stored value, and how many bits that has. */
export interface VoiTransformation {
  readonly bits: number;
  map(value: number): number;
}

/**
 * The first lookup table of the VOI LUT Sequence (PS3.3, C.11.2.1.1).
 * @throws ExamError `invalid-dicom` where there is none, or it does not hold what its descriptor says.
 */
export function voiTable({ dataSet }: DicomObject, signed: boolean, what: string): VoiTransformation {
  const said = voiLut({ dataSet }, signed);
  if (said === 'none') throw invalidObject(what, 'has no VOI LUT, which the policy of its device needs');
  if (said === 'wrong') throw invalidObject(what, 'has a VOI LUT that is not what its descriptor says');
  const { first, bits, entries } = said;
  return { bits, map: (value) => entries[Math.min(entries.length - 1, Math.max(0, value - first))] as number };
}

/** A lookup table: the first value that it maps, the bits of its entries, and these. */
export interface VoiLut {
  readonly first: number;
  readonly bits: number;
  readonly entries: readonly number[];
}

/** The first lookup table of the VOI LUT Sequence as it is said; `wrong` where it does not hold what its descriptor says. */
export function voiLut({ dataSet }: Pick<DicomObject, 'dataSet'>, signed: boolean): VoiLut | 'none' | 'wrong' {
  const [item] = itemsOf(dataSet, 'VOILUTSequence');
  if (item === undefined) return 'none';
  const [entriesSaid, , bits = 0] = words(item, 'LUTDescriptor');
  // Zero stands for 65,536; the first mapped value has the sign of the pixels.
  const count = entriesSaid === 0 ? 65536 : (entriesSaid ?? 0);
  const [, first = 0] = words(item, 'LUTDescriptor', signed);
  const entries = words(item, 'LUTData');
  const isRight = entries.length === count && bits >= 8 && bits <= 16 && entries.every((value) => value < 1 << bits);
  return isRight ? { first, bits, entries } : 'wrong';
}

/**
 * The first window (PS3.3, C.11.2.1.2 and C.11.2.1.3), to the bits that the pixels have.
 * @throws ExamError `invalid-dicom` where there is none, or its width is none.
 */
export function voiWindow({ dataSet }: DicomObject, bits: number, what: string): VoiTransformation {
  const [center = Number.NaN] = decimals(dataSet, 'WindowCenter');
  const [width = Number.NaN] = decimals(dataSet, 'WindowWidth');
  const shape = text(dataSet, 'VOILUTFunction') ?? 'LINEAR';
  const isRight = Number.isFinite(center) && Number.isFinite(width) && width >= (shape === 'LINEAR' ? 1 : 1e-9);
  if (!isRight || !['LINEAR', 'LINEAR_EXACT', 'SIGMOID'].includes(shape)) {
    throw invalidObject(what, 'has no window that can be used, which the policy of its device needs');
  }
  const top = (1 << bits) - 1;
  const share = (value: number): number => {
    if (shape === 'SIGMOID') return 1 / (1 + Math.exp((-4 * (value - center)) / width));
    const exact = shape === 'LINEAR_EXACT';
    const from = exact ? center - width / 2 : center - 0.5 - (width - 1) / 2;
    const span = exact ? width : width - 1;
    return span === 0 ? Number(value > from) : (value - from) / span;
  };
  return { bits, map: (value) => Math.round(top * Math.min(1, Math.max(0, share(value)))) };
}
