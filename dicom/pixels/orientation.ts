import type { View } from '../../pipeline/exam.js';
import { lateralityOf, viewPositionOf } from '../../pipeline/exam.js';
import { invalidObject } from '../refusal.js';

export interface Turns {
  /** Columns run from the other side. */
  readonly mirror: boolean;
  /** Rows run from the other end. */
  readonly upend: boolean;
}

/**
 * How a picture has to be turned so that a left breast points right and a right one left, with the lateral side (CC) or the
 * head (MLO) at the top, from its Patient Orientation (PS3.3, C.7.6.1.1.1): the directions in which its columns and its rows
 * go on.
 *
 *     left CC     A\R        right CC    P\L
 *     left MLO    A\F (FR)   right MLO   P\F (FL)
 *
 * @throws ExamError `invalid-dicom` for a direction that no such view has.
 */
export function turnsFor(view: View, [row, column]: readonly [string, string], what: string): Turns {
  const left = lateralityOf(view) === 'L';
  const [across, back] = left ? ['A', 'P'] : ['P', 'A'];
  const isMlo = viewPositionOf(view) === 'MLO';
  const [down, up] = isMlo ? ['F', 'H'] : left ? ['R', 'L'] : ['L', 'R'];
  const along = (said: string, one: string, other: string): boolean | undefined => {
    const main = said.charAt(0);
    if (main === one) return false;
    return main === other ? true : undefined;
  };
  const mirror = along(row, across, back);
  const upend = along(column, down, up);
  if (mirror !== undefined && upend !== undefined) return { mirror, upend };
  throw invalidObject(
    what,
    `has the Patient Orientation ${printable(row)}\\${printable(column)}, which no ${view} view has upright`,
    'Correct it at its source, or set a policy for the device that takes pictures as they are stored.',
  );
}

const printable = (said: string): string => (/^[AFHLPR]{1,3}$/.test(said) ? said : '?');
