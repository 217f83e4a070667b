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
    const git = (...args: string[]) => execFileSync('git', args, { cwd: repositoryRoot, stdio: 'pipe' });
    try {
      git('rev-parse', 'HEAD');
    } catch {
      return this.skip();
    }
    if (process.env.MAMMOFLOW_BUILD) return this.skip();
    const commit = /^\d+\.\d+\.\d+\+([0-9a-f]{40})(\.modified)?$/.exec(buildVersion)?.[1];
    assert.ok(commit, buildVersion);
    // Not always the newest one: there may have been commits since the build.
    assert.equal(String(git('cat-file', '-t', commit)).trim(), 'commit');
  });
});
