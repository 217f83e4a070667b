import type { Grey16Image } from '../../imaging/planes.js';
import type { View } from '../../pipeline/exam.js';
import type { DicomObject } from '../data-set/read-object.js';
import { decimals, text } from '../data-set/values.js';
import { orientationOf, type PixelFormat, paddingOf } from '../image/describe-image.js';
import type { PixelPolicy } from '../policies/pixel-policy.js';
import { invalidObject } from '../refusal.js';
import type { StoredValues } from './decode-pixels.js';
import { turnsFor } from './orientation.js';
import { voiTable, voiWindow } from './voi.js';

/** What was done with the stored values, for the stage's document. */
export interface ViewNotes {
  readonly inverted: boolean;
  readonly mirrored: boolean;
  readonly upended: boolean;
  /** Pixels that the padding value or the background's limit made 0. */
  readonly toBackground: number;
  readonly bits: number;
}

/**
 * Makes of stored values the picture that the model was trained on: 16 bits, `round(v · 65535 / (2^bits − 1))`, background 0,
 * a left breast facing right and a right one left. The modality transformation is not applied; all else is as the policy
 * says, in the order padding, VOI, inversion, background, scale, turn.
 *
 * @throws ExamError `invalid-dicom` where the object contradicts itself or lacks what its policy needs.
 */
export function toView(
  object: DicomObject,
  format: PixelFormat,
  stored: StoredValues,
  policy: PixelPolicy,
  view: View,
  what: string,
): { image: Grey16Image; notes: ViewNotes } {
  const { rows, columns } = format;
  const inverted = isInverted(object, format, policy, what);
  const turns = turnsOf(object, policy, view, what);
  const { table, bits, lowest, background } = transformation(object, format, policy, inverted, what);
  const pixels = new Uint16Array(rows * columns);
  let toBackground = 0;
  let at = 0;
  for (let row = 0; row < rows; row += 1) {
    const line = (turns.upend ? rows - 1 - row : row) * columns;
    for (let column = 0; column < columns; column += 1, at += 1) {
      const value = (stored[at] as number) - lowest;
      const mapped = table[value] as number;
      if (mapped < 0) {
        throw invalidObject(
          what,
          `has the negative value ${value + lowest}`,
          'Set a policy for the device that says what its signed values mean: mammoflow device set.',
        );
      }
      toBackground += background[value] as number;
      pixels[line + (turns.mirror ? columns - 1 - column : column)] = mapped;
    }
  }
  return {
    image: { rows, columns, pixels },
    notes: { inverted, mirrored: turns.mirror, upended: turns.upend, toBackground, bits },
  };
}

/** What every possible stored value becomes; −1 for one that the policy does not take. */
function transformation(
  object: DicomObject,
  format: PixelFormat,
  policy: PixelPolicy,
  inverted: boolean,
  what: string,
): { table: Int32Array; background: Uint8Array; bits: number; lowest: number } {
  const { bitsStored, signed } = format;
  const lowest = signed ? -(1 << (bitsStored - 1)) : 0;
  const padding = policy.padding === 'keep' ? undefined : paddingOf(object, signed);
  const voi =
    policy.voi === 'table'
      ? voiTable(object, signed, what)
      : policy.voi === 'window'
        ? voiWindow(object, bitsStored, what)
        : undefined;
  const bits = voi?.bits ?? bitsStored;
  const top = 2 ** bits - 1;
  const offset = signed && policy.signed === 'offset' && voi === undefined ? -lowest : 0;
  const table = new Int32Array(1 << bitsStored);
  const background = new Uint8Array(1 << bitsStored);
  for (let index = 0; index < table.length; index += 1) {
    const value = index + lowest;
    const isPadding = padding !== undefined && value >= padding[0] && value <= padding[1];
    const seen = voi === undefined ? value + offset : voi.map(value);
    if (!isPadding && seen < 0) {
      table[index] = -1;
      continue;
    }
    const shown = inverted ? top - seen : seen;
    const isBackground = isPadding || (policy.backgroundUpTo > 0 && shown <= policy.backgroundUpTo);
    table[index] = isBackground ? 0 : Math.round((shown * 65535) / top);
    background[index] = Number(isBackground);
  }
  return { table, background, bits, lowest };
}

function isInverted(
  object: DicomObject,
  { photometric }: PixelFormat,
  { inversion }: PixelPolicy,
  what: string,
): boolean {
  if (inversion === 'always' || inversion === 'never') return inversion === 'always';
  const isFirst = photometric === 'MONOCHROME1';
  const shape = text(object.dataSet, 'PresentationLUTShape');
  if (inversion === 'photometric' && shape !== undefined && (shape === 'INVERSE') !== isFirst) {
    throw invalidObject(
      what,
      `is ${photometric} with the Presentation LUT Shape ${shape === 'INVERSE' ? 'INVERSE' : 'IDENTITY'}, so that black and white cannot be told`,
      'Set a policy for the device that says which of the two is right: mammoflow device set.',
    );
  }
  return isFirst;
}

const AS_STORED = { mirror: false, upend: false };

function turnsOf(object: DicomObject, { orientation }: PixelPolicy, view: View, what: string) {
  if (orientation === 'as-stored') return AS_STORED;
  const said = orientationOf(object);
  if (said !== undefined) return turnsFor(view, said, what);
  if (orientation === 'patient-orientation-if-said') return AS_STORED;
  throw invalidObject(what, 'has no Patient Orientation, which the policy of its device needs');
}

/** Whether it would change the values to apply its modality transformation, which is never done. */
export const hasRescale = ({ dataSet }: DicomObject): boolean => {
  const [slope = 1] = decimals(dataSet, 'RescaleSlope');
  const [intercept = 0] = decimals(dataSet, 'RescaleIntercept');
  return slope !== 1 || intercept !== 0;
};
