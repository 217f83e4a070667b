import assert from 'node:assert/strict';
import type { Grey16Image } from '../../../imaging/planes.js';
import { type Mend, mendView } from '../../../imaging/quality/mend.js';
import type { View } from '../../../pipeline/exam.js';
import { framed, invert, mirror, photograph, swapBytes } from '../../support/alterations.js';
import { phantomExam, STRICT } from './phantom-exam.js';

const mend = (image: Grey16Image, view: View = 'L_CC') => mendView(image, { view, horizontalFlip: 'NO' }, STRICT);
const refused = ({ findings }: ReturnType<typeof mend>): string[] =>
  findings.filter(({ verdict }) => verdict === 'refuse').map(({ code }) => code);

describe('mending a view', () => {
  const cases: readonly [name: string, alter: (image: Grey16Image) => Grey16Image, mends: readonly Mend[]][] = [
    ['a sound view is left alone', (image) => image, []],
    ['swapped bytes are swapped back', (image) => swapBytes(image, 'L_CC'), ['swap-bytes']],
    ['a mirrored view is mirrored', (image) => mirror(image, 'L_CC'), ['mirror']],
    [
      'both at once are mended one after the other',
      (image) => swapBytes(mirror(image, 'L_CC'), 'L_CC'),
      ['swap-bytes', 'mirror'],
    ],
  ];
  for (const [name, alter, mends] of cases) {
    it(`${name}, to the very pixels`, () => {
      const { L_CC } = phantomExam();
      const mended = mend(alter(L_CC));
      assert.deepEqual(mended.mends, mends);
      assert.deepEqual(refused(mended), []);
      assert.deepEqual(mended.image, L_CC);
    });
  }

  it('turns inverted grey back to a background of 0', () => {
    const { R_MLO } = phantomExam();
    const mended = mend(invert(R_MLO, 'R_MLO'), 'R_MLO');
    assert.deepEqual(mended.mends, ['invert']);
    assert.deepEqual(mended.image, R_MLO);
  });

  it('cuts a frame off and nothing else', () => {
    const { L_CC } = phantomExam();
    const width = Math.round(0.01 * L_CC.rows);
    const mended = mend(framed(0.01, 1)(L_CC, 'L_CC'));
    assert.deepEqual(mended.mends, ['crop-frame']);
    assert.equal(mended.image.rows, L_CC.rows - 2 * width);
    assert.equal(mended.image.columns, L_CC.columns - 2 * width);
    assert.deepEqual(refused(mended), []);
  });

  it('proposes nothing for what is no mammogram', () => {
    assert.deepEqual(mend(photograph(phantomExam().L_CC, 'L_CC')).mends, []);
  });
});
