import { invalidObject } from '../refusal.js';

/** What a JPEG 2000 codestream says of its picture (ITU-T T.800, A.5.1). */
export interface Jpeg2000Header {
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
  readonly precision: number;
  readonly signed: boolean;
}

const SOT = 0xff90;
const EOC = 0xffd9;

/**
 * Walks a codestream from marker to marker and from tile part to tile part, so that one with a gap is not decoded: decoders
 * fill what is missing without an error.
 *
 * @throws ExamError `invalid-dicom` where the parts do not follow each other to the end, or a tile is missing.
 */
export function checkJpeg2000(bytes: Buffer, what: string): Jpeg2000Header {
  const broken = (problem: string): never => {
    throw invalidObject(what, `is damaged: its JPEG 2000 stream ${problem}`);
  };
  if (bytes.length < 45 || bytes.readUInt32BE(0) !== 0xff4fff51) broken('does not begin as one');
  const word = (at: number): number => (at + 4 <= bytes.length ? bytes.readUInt32BE(at) : broken('is cut short'));
  const half = (at: number): number => (at + 2 <= bytes.length ? bytes.readUInt16BE(at) : broken('is cut short'));
  // Behind SIZ (2), its length (2) and the capabilities (2).
  const [x, y, x0, y0, tileX, tileY, tileX0, tileY0] = Array.from({ length: 8 }, (_, index) => word(8 + 4 * index));
  const across = (size: number, origin: number, tile: number): number => Math.ceil((size - origin) / tile);
  const tiles =
    across(x as number, tileX0 as number, tileX as number) * across(y as number, tileY0 as number, tileY as number);
  const depth = bytes.readUInt8(42);
  const header: Jpeg2000Header = {
    rows: (y as number) - (y0 as number),
    columns: (x as number) - (x0 as number),
    components: half(40),
    precision: (depth & 0x7f) + 1,
    signed: depth >= 0x80,
  };
  let at = 2;
  while (half(at) !== SOT) {
    if (half(at) < 0xff00) broken(`has no marker at byte ${at}`);
    if (half(at) === EOC) broken('ends before its pixels');
    at += 2 + half(at + 2);
  }
  const seen = new Set<number>();
  while (half(at) !== EOC) {
    if (half(at) !== SOT) broken(`has no tile at byte ${at}`);
    seen.add(half(at + 4));
    const length = word(at + 6);
    // Zero: this part reaches to the end.
    const next = length === 0 ? bytes.length - 2 : at + length;
    if (next <= at || next > bytes.length - 2) broken('has a tile that reaches beyond its end');
    at = next;
  }
  if (at !== bytes.length - 2) broken('goes on behind its end');
  if (seen.size !== tiles) broken(`has ${seen.size} of its ${tiles} tiles`);
  return header;
}
