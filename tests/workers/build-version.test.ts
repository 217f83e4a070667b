import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { buildName, buildVersion } from '../../workers/build-version.js';
import { repositoryRoot } from '../support/shared.js';

describe('the name of a build', () => {
  it('tells the exact code', () => {
    const commit = 'a'.repeat(40);
    assert.equal(buildName('0.1.0', { commit, clean: true }), `0.1.0+${commit}`);
    assert.equal(buildName('0.1.0', { commit, clean: false }), `0.1.0+${commit}.modified`);
    assert.equal(buildName('0.1.0', { commit, clean: true }, 'release-7'), '0.1.0+release-7');
    assert.equal(buildName('0.1.0'), '0.1.0', 'an installed package without git');
  });

  it('is that of the checkout it was compiled in', function () {
    let commit: string;
    try {
      const options = { cwd: repositoryRoot, encoding: 'utf8', stdio: 'pipe' } as const;
      commit = execFileSync('git', ['rev-parse', 'HEAD'], options).trim();
    } catch {
      return this.skip();
    }
    if (process.env.MAMMOFLOW_BUILD) return this.skip();
    assert.match(buildVersion, new RegExp(`^\\d+\\.\\d+\\.\\d+\\+${commit}(\\.modified)?$`));
  });
});
