import { invalidObject } from '../refusal.js';

/** 15 offsets behind the number of segments (PS3.5, G.5). */
const HEADER = 64;

/**
 * Decodes a frame of RLE Lossless (PS3.5, annex G): a segment for each byte of a sample, the most significant first, each
 * in runs as PackBits writes them.
 *
 * @returns samples as bytes in little-endian order.
 * @throws ExamError `invalid-dicom` where a segment does not hold exactly one byte of every sample.
 */
export function decodeRle(frame: Buffer, samples: number, bytesEach: 1 | 2, what: string): Buffer {
  const broken = (problem: string): never => {
    throw invalidObject(what, `is damaged: its RLE frame ${problem}`);
  };
  if (frame.length < HEADER) broken('is cut short in its header');
  const segments = frame.readUInt32LE(0);
  if (segments !== bytesEach) broken(`has ${segments} segments, and ${bytesEach} are needed`);
  const offsets = Array.from({ length: segments }, (_, index) => frame.readUInt32LE(4 + 4 * index));
  const output = Buffer.alloc(samples * bytesEach);
  for (const [segment, from] of offsets.entries()) {
    const end = offsets[segment + 1] ?? frame.length;
    if (from < HEADER || from > end || end > frame.length) broken('has segments that lie outside of it');
    const plane = bytesEach - 1 - segment;
    let at = from;
    let sample = 0;
    while (sample < samples) {
      if (at >= end) broken(`ends after ${sample} of ${samples} samples`);
      const control = frame.readInt8(at);
      at += 1;
      if (control === -128) continue;
      const count = Math.abs(control) + 1;
      if (sample + count > samples) broken('has a run beyond its last sample');
      if (at + (control >= 0 ? count : 1) > end) broken(`ends after ${sample} of ${samples} samples`);
      for (let n = 0; n < count; n += 1, sample += 1) {
        output[sample * bytesEach + plane] = frame[control >= 0 ? at + n : at] as number;
      }
      at += control >= 0 ? count : 1;
    }
    // A byte may make the segment's length even, and a control of −128 does nothing.
    while (at < end && (frame[at] === 0 || frame[at] === 0x80)) at += 1;
    if (at < end) broken('has more than its samples');
  }
  return output;
}
