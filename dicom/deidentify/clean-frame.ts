import type { Compression } from '../data-set/transfer-syntaxes.js';

/*
 * Compressed frames may carry comments and the segments of applications, which are text in the end. None of them is needed
 * to decode a grey picture. Those before the pixels are taken out; the pixels are not touched.
 */

const COM = 0xfe;

/** A frame without comments, byte for byte the same where it has none. */
export function withoutComments(frame: Buffer, compression: Compression): Buffer {
  if (compression === 'jpeg-2000' || compression === 'htj2k')
    return withoutSegments(frame, 2, 0xff90, isJpeg2000Comment);
  const isJpeg = compression.startsWith('jpeg');
  return isJpeg ? withoutSegments(frame, 2, 0xffda, isJpegComment) : frame;
}

const isJpeg2000Comment = (marker: number): boolean => marker === 0xff64;
const isJpegComment = (marker: number): boolean => (marker & 0xff) === COM || (marker >= 0xffe0 && marker <= 0xffef);

/** Leaves segments out from `at` to the marker `last`. A stream that is broken is left as it is: it will not be decoded. */
function withoutSegments(frame: Buffer, at: number, last: number, isLeftOut: (marker: number) => boolean): Buffer {
  const parts: Buffer[] = [frame.subarray(0, at)];
  let left = false;
  for (let here = at; here + 4 <= frame.length; ) {
    const marker = frame.readUInt16BE(here);
    if (marker === last) {
      if (!left) return frame;
      return Buffer.concat([...parts, frame.subarray(here)]);
    }
    if (marker < 0xff00) return frame;
    const next = here + 2 + frame.readUInt16BE(here + 2);
    if (isLeftOut(marker)) left = true;
    else parts.push(frame.subarray(here, next));
    here = next;
  }
  return frame;
}
