import fc from 'fast-check';
import type { Mask } from '../../imaging/planes.js';

/** Random small masks, from nearly empty to nearly full. */
export const anyMask: fc.Arbitrary<Mask> = fc
  .record({ rows: fc.integer({ min: 1, max: 24 }), columns: fc.integer({ min: 1, max: 24 }) })
  .chain(({ rows, columns }) =>
    fc
      .integer({ min: 1, max: 9 })
      .chain((share) =>
        fc
          .array(fc.integer({ min: 0, max: 9 }), { minLength: rows * columns, maxLength: rows * columns })
          .map((draws) => ({ rows, columns, pixels: Uint8Array.from(draws, (draw) => (draw <= share ? 1 : 0)) })),
      ),
  );

/** A mask drawn with `#` for set pixels. */
export function drawnMask(...lines: string[]): Mask {
  const columns = (lines[0] as string).length;
  return { rows: lines.length, columns, pixels: Uint8Array.from(lines.join(''), (cell) => (cell === '#' ? 1 : 0)) };
}

/** The pixel at a place; 0 outside the image. */
export const at = ({ rows, columns, pixels }: Mask, row: number, column: number): number =>
  row < 0 || column < 0 || row >= rows || column >= columns ? 0 : (pixels[row * columns + column] as number);

/** One step of textbook morphology with the 4-neighbour cross: a pixel is set when `rule` holds for it and its neighbours. */
export function morphologyStep(mask: Mask, rule: (values: number[]) => boolean): Mask {
  const pixels = mask.pixels.map((_, index) => {
    const row = Math.floor(index / mask.columns);
    const column = index % mask.columns;
    const cross = [
      at(mask, row, column),
      at(mask, row - 1, column),
      at(mask, row + 1, column),
      at(mask, row, column - 1),
      at(mask, row, column + 1),
    ];
    return rule(cross) ? 1 : 0;
  });
  return { ...mask, pixels };
}
