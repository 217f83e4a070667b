import { RESEARCH_USE_ONLY } from '../pipeline/predictions.js';
import { PNG_SIGNATURE, pngChunk, pngChunks } from './png-chunks.js';

/** Where the image header ends: every PNG begins with the signature and a 25-byte `IHDR` chunk. */
const HEADER_END = PNG_SIGNATURE.length + 25;

/**
 * Adds a text to a PNG's metadata (`tEXt`, PNG specification 11.3.3.2); its pixels stay as they are.
 * @param keyword 1 to 79 Latin-1 characters, e.g. `Disclaimer`, which the specification names.
 * @param text Latin-1.
 */
export function addPngText(png: Buffer, keyword: string, text: string): Buffer {
  const chunk = pngChunk('tEXt', Buffer.from(`${keyword}\0${text}`, 'latin1'));
  return Buffer.concat([png.subarray(0, HEADER_END), chunk, png.subarray(HEADER_END)]);
}

/** Marks a picture whose pixels must stay as they are with the notice that every picture carries. */
export const addResearchNotice = (png: Buffer): Buffer => addPngText(png, 'Disclaimer', RESEARCH_USE_ONLY);

/** The `tEXt` entries of a PNG by keyword. */
export function readPngTexts(png: Buffer): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const { type, data } of pngChunks(png)) {
    if (type !== 'tEXt') continue;
    const [keyword = '', text = ''] = data.toString('latin1').split('\0');
    texts[keyword] = text;
  }
  return texts;
}
