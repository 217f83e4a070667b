import { deflateSync } from 'node:zlib';
import type { Grey16Image } from '../../imaging/planes.js';
import { PNG_SIGNATURE, pngChunk } from '../../imaging/png-chunks.js';

export interface PngRecipe {
  readonly rows: number;
  readonly columns: number;
  readonly depth?: number;
  readonly colour?: number;
  /** Scan lines without their filter byte; zeros unless given. */
  readonly lines?: Buffer;
  /** Chunks between the header and the pixels. */
  readonly ancillary?: readonly Buffer[];
}

/** A PNG made by hand, so that any field can be wrong. */
export function makePng({ rows, columns, depth = 16, colour = 0, lines, ancillary = [] }: PngRecipe): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(columns, 0);
  header.writeUInt32BE(rows, 4);
  header[8] = depth;
  header[9] = colour;
  const samples = colour === 2 ? 3 : colour === 4 ? 2 : colour === 6 ? 4 : 1;
  const width = Math.ceil((columns * depth * samples) / 8);
  const raw = Buffer.alloc(rows * (width + 1));
  if (lines !== undefined) {
    for (let row = 0; row < rows; row += 1) lines.copy(raw, row * (width + 1) + 1, row * width, (row + 1) * width);
  }
  return assemble([pngChunk('IHDR', header), ...ancillary, pngChunk('IDAT', deflateSync(raw))]);
}

/** Signature, chunks and `IEND`. */
export const assemble = (chunks: readonly Buffer[]): Buffer =>
  Buffer.concat([PNG_SIGNATURE, ...chunks, pngChunk('IEND', Buffer.alloc(0))]);

export const bigEndianLines = ({ pixels }: Grey16Image): Buffer => Buffer.from(new Uint16Array(pixels).buffer).swap16();

/** A view with a breast-like half ellipse at the chest wall of its side, on a background of 0. */
export function drawBreast(rows: number, columns: number, pointing: 'left' | 'right' = 'right'): Grey16Image {
  const pixels = new Uint16Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const depth = pointing === 'right' ? column : columns - 1 - column;
      const inside = ((row - rows / 2) / (rows * 0.42)) ** 2 + (depth / (columns * 0.75)) ** 2 < 1;
      if (inside) pixels[row * columns + column] = 200 + ((row * 31 + column * 17) % 3000);
    }
  }
  return { rows, columns, pixels };
}
