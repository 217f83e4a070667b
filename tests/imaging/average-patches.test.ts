import assert from 'node:assert/strict';
import { averagePatches } from '../../imaging/average-patches.js';
import { MersenneTwister } from '../../imaging/mersenne-twister.js';
import { patchCount, patchOrigins, patchPositions } from '../../imaging/patch-positions.js';

describe('averaging patches', () => {
  it('gives each pixel the float32 mean of the patches over it, summed in patch order', () => {
    const shape = { rows: 401, columns: 333 };
    const random = MersenneTwister.python(4);
    const positions = patchPositions(shape.rows, shape.columns, random);
    const probabilities = Float32Array.from({ length: patchCount(positions) }, () => random.nextDouble());
    const heatmap = averagePatches(shape, positions, probabilities);
    const origins = [...patchOrigins(positions)];
    for (let row = 0; row < shape.rows; row += 13) {
      for (let column = 0; column < shape.columns; column += 11) {
        let sum = 0;
        let count = 0;
        for (const [patch, [top, left]] of origins.entries()) {
          if (row < top || row >= top + 256 || column < left || column >= left + 256) continue;
          sum = Math.fround(sum + (probabilities[patch] as number));
          count += 1;
        }
        assert.equal(heatmap.pixels[row * shape.columns + column], Math.fround(sum / count));
      }
    }
  });

  it('refuses another number of probabilities than there are patches', () => {
    const positions = { rowPositions: [0], columnPositions: [0, 10] };
    assert.throws(() => averagePatches({ rows: 256, columns: 266 }, positions, new Float32Array(1)), /2 patches need/);
  });
});
