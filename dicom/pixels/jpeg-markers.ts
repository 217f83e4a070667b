import { invalidObject } from '../refusal.js';

/** What a JPEG or JPEG-LS frame says of itself before its first entropy-coded byte (ITU-T T.81, annex B; T.87, annex C). */
export interface JpegHeader {
  /** The low byte of the SOF marker: 0xC0 baseline, 0xC1 extended, 0xC3 lossless, 0xF7 JPEG-LS. */
  readonly process: number;
  readonly precision: number;
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
  readonly restartInterval: number;
  /** Payloads of the DHT segments before the scan. */
  readonly huffmanTables: readonly Buffer[];
  /** The payload of the scan's header, and where its entropy-coded data begins. */
  readonly scan: Buffer;
  readonly dataAt: number;
}

const isStandalone = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
const isFrame = (marker: number): boolean =>
  (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) || marker === 0xf7;

/**
 * Reads the markers of a frame up to its first scan.
 * @throws ExamError `invalid-dicom` where they are cut short or are none.
 */
export function readJpegHeader(bytes: Buffer, what: string): JpegHeader {
  const broken = (problem: string): never => {
    throw invalidObject(what, `is damaged: its JPEG stream ${problem}`);
  };
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) broken('does not begin as one');
  let frame: Pick<JpegHeader, 'process' | 'precision' | 'rows' | 'columns' | 'components'> | undefined;
  let restartInterval = 0;
  const huffmanTables: Buffer[] = [];
  let at = 2;
  for (;;) {
    if (at + 4 > bytes.length) broken('ends before its pixels');
    if (bytes[at] !== 0xff) broken(`has no marker at byte ${at}`);
    const marker = bytes[at + 1] as number;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (isStandalone(marker)) {
      at += 2;
      continue;
    }
    if (marker === 0xd9) broken('ends before its pixels');
    const length = bytes.readUInt16BE(at + 2);
    const payload = bytes.subarray(at + 4, at + 2 + length);
    if (length < 2 || payload.length !== length - 2) broken('is cut short in its header');
    at += 2 + length;
    if (isFrame(marker)) {
      if (frame !== undefined) broken('has two frames');
      if (payload.length < 6) broken('has a frame header that is too short');
      frame = {
        process: marker,
        precision: payload.readUInt8(0),
        rows: payload.readUInt16BE(1),
        columns: payload.readUInt16BE(3),
        components: payload.readUInt8(5),
      };
    } else if (marker === 0xc4) huffmanTables.push(payload);
    else if (marker === 0xdd) {
      if (payload.length !== 2) broken('has a wrong restart interval');
      restartInterval = payload.readUInt16BE(0);
    } else if (marker === 0xda) {
      if (frame === undefined) return broken('has pixels before their size');
      return { ...frame, restartInterval, huffmanTables, scan: payload, dataAt: at };
    }
  }
}

/** Without the bytes that make the length even, and checked to end with the marker of its end (FFD9 in all of the family). */
export function wholeStream(bytes: Buffer, what: string): Buffer {
  let end = bytes.length;
  while (end > 2 && bytes[end - 1] === 0x00) end -= 1;
  // A fill byte may stand in front of a marker, and some writers pad with one.
  while (end > 2 && bytes[end - 1] === 0xff && bytes[end - 2] === 0xd9) end -= 1;
  if (end < 4 || bytes.readUInt16BE(end - 2) !== 0xffd9) {
    throw invalidObject(what, 'is cut short: its compressed pixels have no end');
  }
  return bytes.subarray(0, end);
}
