import assert from 'node:assert/strict';
import { parseCount, parseRoles } from '../../cli/options.js';

describe('the options of the command', () => {
  it('take a whole number from 1 on as a count, and nothing else', () => {
    assert.equal(parseCount('1'), 1);
    assert.equal(parseCount('250'), 250);
    for (const text of ['', '0', '-1', '1.5', '1e9', 'many', ' 5', '0x10', '9'.repeat(20)]) {
      assert.throws(() => parseCount(text), /whole number/, text);
    }
  });

  it('take roles in any order and name one that is none', () => {
    assert.deepEqual(parseRoles('gpu, cpu'), ['cpu', 'gpu']);
    assert.throws(() => parseRoles('cpu,tpu'), /"tpu" is not a role\. Roles are/);
  });
});
