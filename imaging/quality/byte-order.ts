import type { ViewCheck } from './check.js';

/** Roughness as it is read over roughness with the bytes swapped (`byteOrderRoughness`). */
export const byteOrder: ViewCheck = {
  code: 'byte-order',
  measure: ({ byteOrderRoughness }) => byteOrderRoughness,
  fault: () =>
    'The picture is smooth only when the two bytes of every value are swapped: it was written in the wrong byte order.',
  next: 'Swap the bytes of every value (PNG stores the high byte first).',
};
