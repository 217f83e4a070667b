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
