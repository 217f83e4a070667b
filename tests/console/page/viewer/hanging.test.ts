import assert from 'node:assert/strict';
import { fitted, toPosition } from '../../../../console/page/viewer/geometry.js';
import { HANGING, hungAs, partnerOf, READING_ORDER, spokenView } from '../../../../console/page/viewer/hanging.js';
import { isMirroredOnDisk, VIEWS } from '../../../../pipeline/exam.js';

describe('how views hang', () => {
  it('is right beside left, CC above MLO', () => {
    assert.deepEqual(HANGING, [
      ['R_CC', 'L_CC'],
      ['R_MLO', 'L_MLO'],
    ]);
    assert.deepEqual([...READING_ORDER].sort(), [...VIEWS].sort());
    for (const view of VIEWS) assert.equal(partnerOf(partnerOf(view)), view);
    assert.equal(spokenView('R_MLO'), 'right breast, mediolateral oblique view');
  });

  it('has chest walls together in the middle, however the file lies on disk', () => {
    const size = { width: 100, height: 400 };
    for (const view of VIEWS) {
      for (const flip of ['NO', 'YES'] as const) {
        const hung = hungAs(view, { rows: 50, columns: 40 }, flip === 'YES');
        // In training orientation every breast points right: its wall is at the first column.
        const wallColumn = isMirroredOnDisk(view, flip) ? 40 : 0;
        const inner = view.startsWith('R') ? size.width : 0;
        const { column } = toPosition({ x: inner, y: 200 }, fitted(hung, size), hung, size);
        assert.ok(Math.abs(column - wallColumn) < 1e-9, `${view} ${flip}: ${column}`);
      }
    }
  });
});
