import assert from 'node:assert/strict';
import { readGrey16Png, writeGrey16Png } from '../../imaging/grey16-png.js';
import { addPngText, addResearchNotice, readPngTexts } from '../../imaging/png-text.js';

describe('texts in PNG metadata', () => {
  const image = { rows: 2, columns: 2, pixels: Uint16Array.of(0, 1, 4095, 65535) };

  it('say that a picture is not for diagnosis and leave its pixels alone', async () => {
    const png = addResearchNotice(await writeGrey16Png(image));
    assert.deepEqual(readPngTexts(png), { Disclaimer: 'Research use only. Not for diagnosis.' });
    assert.deepEqual(await readGrey16Png(png), image);
  });

  it('add up', async () => {
    const png = addPngText(addPngText(await writeGrey16Png(image), 'Title', 'L_CC'), 'Comment', 'é');
    assert.deepEqual(readPngTexts(png), { Title: 'L_CC', Comment: 'é' });
  });
});
