import assert from 'node:assert/strict';
import { MersenneTwister } from '../../imaging/mersenne-twister.js';
import { patchCount, patchOrigins, patchPositions } from '../../imaging/patch-positions.js';
import { VIEWS } from '../../pipeline/exam.js';
import { itWithShared } from '../support/shared.js';
import { GOLDEN_EXAMS, goldenJson } from './golden.js';

interface GoldenPositions {
  shape_training_orientation: [number, number];
  row_positions: number[];
  col_positions: number[];
  n_patches: number;
}

describe('patch positions', () => {
  for (const exam of GOLDEN_EXAMS) {
    itWithShared(`are those of the original program for ${exam}`, (shared) => {
      const golden = goldenJson<Record<string, GoldenPositions>>(shared, exam, 'patch_positions.json');
      const stream = MersenneTwister.python(0);
      for (const view of VIEWS) {
        const expected = golden[view] as GoldenPositions;
        const positions = patchPositions(...expected.shape_training_orientation, stream);
        assert.deepEqual(positions.rowPositions, expected.row_positions, view);
        assert.deepEqual(positions.columnPositions, expected.col_positions, view);
        assert.equal(patchCount(positions), expected.n_patches);
      }
    });
  }

  it('begin at 0 and end flush with the view for every size and stride, never more than a stride apart', () => {
    for (let size = 256; size < 4200; size += 7) {
      for (const stride of [1, 35, 70, 256]) {
        const { rowPositions } = patchPositions(size, 256, MersenneTwister.python(size), stride);
        assert.equal(rowPositions[0], 0);
        assert.equal(rowPositions.at(-1), size - 256);
        for (let index = 1; index < rowPositions.length; index += 1) {
          const step = (rowPositions[index] as number) - (rowPositions[index - 1] as number);
          assert.ok(step >= 1 && step <= stride, `size ${size}, stride ${stride}: a step of ${step}`);
        }
      }
    }
  });

  it('are walked column by column', () => {
    const origins = [...patchOrigins({ rowPositions: [0, 60], columnPositions: [0, 50] })];
    assert.deepEqual(origins, [
      [0, 0],
      [60, 0],
      [0, 50],
      [60, 50],
    ]);
  });

  it('refuse a view smaller than a patch and a stride that would leave gaps', () => {
    assert.throws(() => patchPositions(255, 300, MersenneTwister.python(0)), RangeError);
    assert.throws(() => patchPositions(300, 300, MersenneTwister.python(0), 257), RangeError);
  });
});
