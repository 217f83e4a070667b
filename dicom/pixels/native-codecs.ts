import codecs from 'dcmjs-codecs';
import type { PixelFormat } from '../image/describe-image.js';
import { invalidObject } from '../refusal.js';

/*
 * CharLS, OpenJPEG and OpenJPH as WebAssembly, from dcmjs-codecs. Run in a worker thread: a full-size view takes 0.2 to 0.7
 * seconds of a core.
 */

/**
 * Decodes one frame.
 * @returns samples as bytes in little-endian order, as many for each as Bits Allocated says.
 * @throws ExamError `invalid-dicom` where the library ends with an error or gives another number of bytes.
 */
export async function decodeWithNativeCodecs(
  decode: 'decodeJpegLs' | 'decodeJpeg2000' | 'decodeHtJpeg2000',
  frame: Buffer,
  { rows, columns, bitsAllocated, bitsStored, signed, photometric }: PixelFormat,
  what: string,
): Promise<Buffer> {
  const { NativeCodecs, Context } = codecs;
  if (!NativeCodecs.isInitialized()) await NativeCodecs.initializeAsync();
  const context = new Context({
    width: columns,
    height: rows,
    bitsAllocated,
    bitsStored,
    samplesPerPixel: 1,
    pixelRepresentation: signed ? 1 : 0,
    planarConfiguration: 0,
    photometricInterpretation: photometric,
    encodedBuffer: frame,
  });
  try {
    const decoded = NativeCodecs[decode](context).getDecodedBuffer();
    if (decoded?.byteLength !== (rows * columns * bitsAllocated) / 8) throw new Error('unexpected decoded size');
    // A copy, because the library's memory is given back below.
    return Buffer.from(decoded);
  } catch (cause) {
    throw invalidObject(what, 'is damaged: its compressed pixels cannot be decoded', undefined, cause);
  } finally {
    // Its memory only grows, and after an error nothing in it can be relied on.
    NativeCodecs.release();
  }
}
