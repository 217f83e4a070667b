import assert from 'node:assert/strict';
import { table } from '../../cli/output.js';

describe('a table', () => {
  it('sets text left and numbers right, without trailing spaces', () => {
    const lines = table(
      ['EXAM', 'LEFT', 'WHY'],
      [
        ['a', 0.5, undefined],
        ['exam-12', '12.25', 'changed'],
      ],
    );
    assert.equal(lines, ['EXAM      LEFT  WHY', 'a          0.5', 'exam-12  12.25  changed'].join('\n'));
  });

  it('sets changes right, whichever their sign', () => {
    assert.equal(table(['CHANGE'], [['+0.5000'], ['-1.00']]), [' CHANGE', '+0.5000', '  -1.00'].join('\n'));
  });
});
