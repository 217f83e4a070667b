import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { placeholderBundle } from '../../../models/placeholder/placeholder-bundle.js';
import { repositoryRoot } from '../../support/shared.js';

describe('the placeholder bundle', () => {
  it('is, byte for byte, what its generator makes', async () => {
    const folder = join(repositoryRoot, 'models', 'placeholder', 'bundle');
    const made = placeholderBundle();
    assert.deepEqual((await readdir(folder)).sort(), Object.keys(made).sort());
    for (const [name, bytes] of Object.entries(made)) {
      assert.ok(
        (await readFile(join(folder, name))).equals(bytes),
        `${name} is not up to date: npm run models:placeholder`,
      );
    }
  });

  it('is small and says that its numbers mean nothing', () => {
    const made = placeholderBundle();
    const bytes = Object.values(made).reduce((sum, file) => sum + file.length, 0);
    assert.ok(bytes < 100_000, `${bytes} bytes`);
    assert.match(Buffer.from(made['model.json'] as Uint8Array).toString(), /random and the numbers mean nothing/);
  });
});
