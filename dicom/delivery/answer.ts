/** What a destination said of one object, or what can be seen of it there. */
export interface Answer {
  readonly sopInstanceUid: string;
  /**
   * `stored`: it is there, as far as the destination can tell; `refused`: it is not, and the same object would be refused
   * again.
   */
  readonly outcome: 'stored' | 'refused';
  /** Why it was refused, or what the destination warns of. */
  readonly reason?: string;
}

/**
 * Failure and warning reasons of storage (PS3.4 table B.2-1, PS3.18 table I.2-2), of which the last two or three digits may
 * say more.
 */
export function reasonInWords(code: number): string {
  const hex = `0x${code.toString(16).toUpperCase().padStart(4, '0')}`;
  const words = REASONS.find(([mask, value]) => (code & mask) === value)?.[2];
  return words === undefined ? `status ${hex}` : `${words} (${hex})`;
}

const REASONS: readonly (readonly [mask: number, value: number, words: string])[] = [
  [0xffff, 0xb000, 'values were coerced'],
  [0xffff, 0xb006, 'elements were discarded'],
  [0xffff, 0xb007, 'the object does not match its SOP class'],
  [0xff00, 0xa700, 'out of resources'],
  [0xff00, 0xa900, 'the object does not match its SOP class'],
  [0xf000, 0xc000, 'the object cannot be understood'],
  [0xffff, 0x0122, 'the SOP class is not supported'],
  [0xffff, 0x0124, 'not authorised'],
  [0xffff, 0x0110, 'a failure while it was processed'],
  [0xffff, 0x0111, 'there is another object under its SOP Instance UID'],
];
