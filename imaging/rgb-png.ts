import { MammoflowError } from '../pipeline/errors.js';
import type { RgbPicture } from './planes.js';
import { addPngText, addResearchNotice } from './png-text.js';
import { sharp } from './sharp.js';

/** About half the time of zlib's usual level 6, for pictures that are 5 % larger. */
const COMPRESSION_LEVEL = 3;

/**
 * Writes an 8-bit RGB PNG that holds exactly these pixels, with the research notice in its metadata.
 * @param warnings in its metadata too, where there are any: one a line.
 */
export async function writeRgbPng(
  { rows, columns, pixels }: RgbPicture,
  warnings: readonly string[] = [],
): Promise<Buffer> {
  const png = await sharp(pixels, { raw: { width: columns, height: rows, channels: 3 } })
    .png({ compressionLevel: COMPRESSION_LEVEL, adaptiveFiltering: false, palette: false })
    .toBuffer();
  const marked = addResearchNotice(png);
  return warnings.length === 0 ? marked : addPngText(marked, 'Warning', warnings.join('\n'));
}

/**
 * Reads an 8-bit RGB PNG as `writeRgbPng` writes them.
 *
 * @param what how to call the file in a message
 * @throws MammoflowError `corrupt-data` for anything that is no 8-bit RGB PNG, or cannot be decoded
 */
export async function readRgbPng(bytes: Buffer, what: string): Promise<RgbPicture> {
  try {
    const image = sharp(bytes, { failOn: 'warning', ignoreIcc: true });
    const { format, channels, depth } = await image.metadata();
    if (format !== 'png' || channels !== 3 || depth !== 'uchar')
      throw new Error(`${depth} ${format}, ${channels} channels`);
    const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
    return { rows: info.height, columns: info.width, pixels: new Uint8Array(data) };
  } catch (cause) {
    throw new MammoflowError('corrupt-data', `${what} is no 8-bit RGB picture that can be read.`, undefined, { cause });
  }
}
