import assert from 'node:assert/strict';
import { findingIn, phantomExam } from './phantom-exam.js';

describe('the outline of a breast', () => {
  it('is round; what has deep bays is refused', () => {
    const { L_CC } = phantomExam();
    assert.equal(findingIn(L_CC, 'outline').verdict, 'ok');
    // A cross: half of its hull is empty.
    const { rows, columns } = L_CC;
    const pixels = Uint16Array.from({ length: rows * columns }, (_, index) => {
      const [row, column] = [Math.floor(index / columns), index % columns];
      const inside = Math.abs(row - rows / 2) < rows / 10 || Math.abs(column - columns / 2) < columns / 10;
      return inside ? 20_000 + ((row * 7 + column * 13) % 900) : 0;
    });
    assert.equal(findingIn({ rows, columns, pixels }, 'outline').verdict, 'refuse');
  });
});
