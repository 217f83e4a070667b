import assert from 'node:assert/strict';
import { nodeRelease } from '../../infra/node-release.js';

describe('a release of Node', () => {
  const now = new Date('2026-11-27');

  it('is too old, past its end of life, or fine', () => {
    for (const old of ['18.20.8', '20.18.3', '21.7.3', '22.11.0']) {
      assert.equal(nodeRelease(old, now).state, 'too-old', old);
    }
    assert.deepEqual(nodeRelease('20.20.2', now), { state: 'ended', since: '2026-04-30' });
    assert.deepEqual(nodeRelease('25.1.0', now), { state: 'ended' });
    for (const fine of ['22.12.0', '24.21.0', '26.10.0', '27.0.0', '28.0.0']) {
      assert.deepEqual(nodeRelease(fine, now), { state: 'supported' }, fine);
    }
  });
});
