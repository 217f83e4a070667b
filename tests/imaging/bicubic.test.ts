import assert from 'node:assert/strict';
import fc from 'fast-check';
import { resizeBicubic, resizePlacedBicubic, rowFactsOf } from '../../imaging/bicubic.js';

describe('bicubic resizing', () => {
  const plane = { rows: 5, columns: 4, pixels: Float32Array.from({ length: 20 }, (_, index) => (index * 7) % 11) };

  it('leaves a plane of the same size as it is', () => {
    assert.deepEqual(resizeBicubic(plane, 5, 4), plane.pixels);
  });

  it('keeps a constant plane constant', () => {
    const constant = { rows: 9, columns: 7, pixels: new Float32Array(63).fill(0.25) };
    for (const value of resizeBicubic(constant, 12, 5)) assert.ok(Math.abs(value - 0.25) < 1e-7);
  });

  it('agrees with the formula evaluated in float64 at every pixel', () => {
    const weight = (distance: number): number => {
      const x = Math.abs(distance);
      if (x >= 2) return 0;
      return x <= 1 ? 1.25 * x ** 3 - 2.25 * x ** 2 + 1 : -0.75 * (x ** 3 - 5 * x ** 2 + 8 * x - 4);
    };
    for (const [rows, columns] of [
      [7, 9],
      [3, 2],
      [5, 13],
    ] as const) {
      const resized = resizeBicubic(plane, rows, columns);
      for (let row = 0; row < rows; row += 1) {
        for (let column = 0; column < columns; column += 1) {
          const y = ((row + 0.5) * plane.rows) / rows - 0.5;
          const x = ((column + 0.5) * plane.columns) / columns - 0.5;
          let expected = 0;
          for (let i = Math.floor(y) - 1; i <= Math.floor(y) + 2; i += 1) {
            for (let j = Math.floor(x) - 1; j <= Math.floor(x) + 2; j += 1) {
              const r = Math.min(Math.max(i, 0), plane.rows - 1);
              const c = Math.min(Math.max(j, 0), plane.columns - 1);
              expected += weight(y - i) * weight(x - j) * (plane.pixels[r * plane.columns + c] as number);
            }
          }
          assert.ok(Math.abs((resized[row * columns + column] as number) - expected) < 1e-5);
        }
      }
    }
  });

  it('resizes a plane in a larger one of zeros to the same bits as the larger one written out', () => {
    const size = fc.integer({ min: 1, max: 14 });
    const place = fc.integer({ min: -8, max: 16 });
    fc.assert(
      fc.property(size, size, place, place, size, size, (rows, columns, top, left, toRows, toColumns) => {
        const larger = { rows, columns, pixels: new Float32Array(rows * columns) };
        for (let y = 0; y < plane.rows; y += 1) {
          for (let x = 0; x < plane.columns; x += 1) {
            const inside = y + top >= 0 && y + top < rows && x + left >= 0 && x + left < columns;
            if (inside) larger.pixels[(y + top) * columns + x + left] = plane.pixels[y * plane.columns + x] as number;
          }
        }
        const out = new Float32Array(toRows * toColumns).fill(9);
        resizePlacedBicubic({ plane, rows, columns, top, left }, toRows, toColumns, out);
        // Adding 0 turns the one difference that does not count, the sign of a zero, into none.
        const plain = resizeBicubic(larger, toRows, toColumns).map((value) => value + 0);
        assert.deepEqual(
          out.map((value) => value + 0),
          plain,
        );
      }),
      { numRuns: 500 },
    );
  });

  it("leaves out rows' ends of zeros and still gives the bits of a plane that is computed in full", () => {
    const size = fc.integer({ min: 1, max: 14 });
    const place = fc.integer({ min: -8, max: 16 });
    const endsOf = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(
        endsOf,
        size,
        size,
        place,
        place,
        size,
        size,
        (filled, rows, columns, top, left, toRows, toColumns) => {
          const pixels = filled.flatMap((end, row) =>
            Array.from({ length: 6 }, (_, column) => (column < end ? ((row * 6 + column) % 10) + 1 : 0)),
          );
          const plane = { rows: filled.length, columns: 6, pixels: Float32Array.from(pixels) };
          const { repeats, ends } = rowFactsOf(plane);
          assert.deepEqual([...ends], filled);
          const inFull = { ...plane, rowFacts: { repeats, ends: ends.map(() => plane.columns) } };
          const larger = { rows, columns, top, left };
          const positive = (values: Float32Array): Float32Array => values.map((value) => value + 0);
          assert.deepEqual(
            positive(resizePlacedBicubic({ ...larger, plane }, toRows, toColumns)),
            positive(resizePlacedBicubic({ ...larger, plane: inFull }, toRows, toColumns)),
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  it('resizes rows that repeat to the same bits as rows that do not', () => {
    const size = fc.integer({ min: 1, max: 14 });
    const place = fc.integer({ min: -8, max: 16 });
    const rowsOf = fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 1, maxLength: 14 });
    fc.assert(
      fc.property(rowsOf, size, place, size, size, (kinds, rows, top, toRows, toColumns) => {
        // Two kinds of rows. In the second plane a last column, too far away to be reached, sets every row apart.
        const [columns, far] = [4, 9];
        const value = (row: number, column: number): number => ((kinds[row] as number) * 5 + column * 7) % 11;
        const planeOf = (width: number) => ({
          rows: kinds.length,
          columns: width,
          pixels: Float32Array.from({ length: kinds.length * width }, (_, index) => {
            const [row, column] = [Math.floor(index / width), index % width];
            if (column < columns) return value(row, column);
            return column === far ? row + 1 : 0;
          }),
        });
        const larger = { rows, columns: far + 1, top, left: 0 };
        const alike = resizePlacedBicubic({ ...larger, plane: planeOf(columns) }, toRows, toColumns);
        const apart = resizePlacedBicubic({ ...larger, plane: planeOf(far + 1) }, toRows, toColumns);
        for (let index = 0; index < alike.length; index += 1) {
          // Where the last tap lies before the last column.
          const reach = (((index % toColumns) + 0.5) * (far + 1)) / toColumns - 0.5 + 3;
          if (reach < far) assert.equal((alike[index] as number) + 0, (apart[index] as number) + 0);
        }
      }),
      { numRuns: 500 },
    );
  });
});
