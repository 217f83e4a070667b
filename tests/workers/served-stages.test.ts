import assert from 'node:assert/strict';
import { servedStages } from '../../workers/served-stages.js';

describe('a worker', () => {
  it('serves all stages of its role unless told which', () => {
    assert.equal(servedStages({ role: ['cpu', 'gpu'] }), undefined);
    assert.equal(servedStages({ role: ['cpu'], queue: 'mine' }), undefined);
    const only = servedStages({ role: ['cpu'], stage: ['visualize_heatmaps'], queue: 'mine' });
    assert.deepEqual(
      only?.map(({ name }) => name),
      ['visualize_heatmaps'],
    );
  });

  it('refuses stages, queues and roles that do not go together, saying what does', () => {
    const fails = (options: Parameters<typeof servedStages>[0], message: RegExp) =>
      assert.throws(() => servedStages(options), { code: 'invalid-argument', message });
    fails({ role: ['cpu', 'gpu'], queue: 'mine' }, /a worker of one role/);
    fails({ role: ['workflow'], queue: 'mine' }, /a worker of one role/);
    fails({ role: ['cpu'], stage: ['crop'] }, /would be given the other stages too/);
    fails({ role: ['cpu'], stage: ['classify'], queue: 'q' }, /^Stage classify needs a worker of the role gpu\.$/);
    fails({ role: ['cpu'], stage: ['krop'], queue: 'q' }, /^There is no stage krop\.$/);
  });
});
