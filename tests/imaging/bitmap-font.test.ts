import assert from 'node:assert/strict';
import { drawText, GLYPH_COLUMNS, GLYPH_ROWS, textWidth } from '../../imaging/bitmap-font.js';
import { RESEARCH_USE_ONLY } from '../../pipeline/predictions.js';

function drawn(text: string, columns = textWidth(text), scale = 1): string[] {
  const rows = GLYPH_ROWS * scale;
  const picture = { rows, columns, pixels: new Uint8Array(3 * rows * columns) };
  drawText(picture, text, 0, 0, scale);
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (__, column) =>
      picture.pixels[3 * (row * columns + column)] === 255 ? '#' : '.',
    ).join(''),
  );
}

describe('the legend font', () => {
  it('draws what its sheets show', () => {
    assert.deepEqual(drawn('L1'), [
      '#.......#..',
      '#......##..',
      '#.......#..',
      '#.......#..',
      '#.......#..',
      '#.......#..',
      '#####..###.',
      '...........',
    ]);
  });

  it('has every character of the notice, of numbers, and of names of exams and bundles, no two alike', () => {
    const characters = new Set(
      `${RESEARCH_USE_ONLY} abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789 ._-,%`,
    );
    const shapes = new Set([...characters].map((character) => drawn(character, GLYPH_COLUMNS).join('\n')));
    assert.equal(shapes.size, characters.size);
  });

  it('draws larger by whole dots and leaves out what falls outside', () => {
    assert.deepEqual(drawn('1', 10, 2)[0], '....##....');
    assert.deepEqual(drawn('11', 3)[1], '.##');
  });

  it('refuses a character it does not have', () => {
    assert.throws(() => drawn('é'), /no character "é"/);
  });
});
