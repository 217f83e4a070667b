import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from '../support/shared.js';

describe('npm in the checkout', () => {
  it('warns of nothing that the project sets', async () => {
    const { stderr } = await promisify(execFile)('npm', ['run'], { cwd: repositoryRoot });
    assert.doesNotMatch(stderr, /project config/);
  });

  it('runs no pre- and post-scripts, so that none may be needed', async () => {
    const { scripts } = JSON.parse(await readFile(join(repositoryRoot, 'package.json'), 'utf8'));
    const names = Object.keys(scripts);
    assert.deepEqual(
      names.filter((name) => names.some((other) => name === `pre${other}` || name === `post${other}`)),
      [],
    );
  });
});
