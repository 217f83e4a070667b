import { z } from 'zod';
import { MammoflowError } from '../../pipeline/errors.js';
import { Random } from './random.js';

/** What an exam shows: no lesion, benign ones, malignant ones, or at least one of each. */
export const EXAM_KINDS = ['normal', 'benign', 'malignant', 'both'] as const;
export type ExamKind = (typeof EXAM_KINDS)[number];

/** How many exams of each kind there are in a run of as many exams as the numbers add up to. */
export type Mix = Readonly<Record<ExamKind, number>>;

const LARGEST_SHARE = 1000;
const share = z.number().int().min(0).max(LARGEST_SHARE);
export const mixSchema = z
  .strictObject({ normal: share, benign: share, malignant: share, both: share })
  .refine((mix) => EXAM_KINDS.some((kind) => mix[kind] > 0), 'one of the numbers must be above 0');

/** Four of ten exams without a lesion: far more lesions than a screening round has, as an evaluation needs. */
export const STANDARD_MIX: Mix = { normal: 8, benign: 5, malignant: 5, both: 2 };

/**
 * Reads `normal=2,benign=2,malignant=2`; kinds left out get none.
 * @throws MammoflowError `invalid-argument` for anything else.
 */
export function parseMix(text: string): Mix {
  const mix: Record<ExamKind, number> = { normal: 0, benign: 0, malignant: 0, both: 0 };
  const seen = new Set<string>();
  for (const part of text.split(',')) {
    const [, kind = '', count = ''] = /^\s*([a-z]+)=(\d{1,4})\s*$/.exec(part) ?? [];
    if (!(EXAM_KINDS as readonly string[]).includes(kind) || seen.has(kind)) throw invalidMix(text);
    seen.add(kind);
    mix[kind as ExamKind] = Number(count);
  }
  const checked = mixSchema.safeParse(mix);
  if (!checked.success) throw invalidMix(text);
  return checked.data;
}

const invalidMix = (text: string): MammoflowError =>
  new MammoflowError(
    'invalid-argument',
    `"${text}" is no mix of exams.`,
    `Give numbers from 0 to ${LARGEST_SHARE} of ${EXAM_KINDS.join(', ')}, e.g. normal=2,benign=2,malignant=2.`,
  );

/**
 * The kind of exam `index` (from 1). Exams are dealt in hands that hold each kind exactly as often as the mix says, each
 * hand shuffled by itself: so shares are exact, and no exam's kind depends on how many are drawn.
 */
export function kindOfExam(seed: number, index: number, mix: Mix): ExamKind {
  const hand = EXAM_KINDS.flatMap((kind) => Array.from({ length: mix[kind] }, () => kind));
  const random = new Random(seed, Math.floor((index - 1) / hand.length), HAND);
  for (let last = hand.length - 1; last > 0; last -= 1) {
    const other = random.integer(0, last);
    [hand[last], hand[other]] = [hand[other] as ExamKind, hand[last] as ExamKind];
  }
  return hand[(index - 1) % hand.length] as ExamKind;
}

/** Sets the stream of the hands apart from those of the exams. */
const HAND = 0x4d4958;

/** A mix as it is written on the command line. */
export const mixText = (mix: Mix): string =>
  EXAM_KINDS.filter((kind) => mix[kind] > 0)
    .map((kind) => `${kind}=${mix[kind]}`)
    .join(',');
