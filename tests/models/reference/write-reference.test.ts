import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundleSchema } from '../../../pipeline/bundle.js';
import { drawExams } from '../../support/exams.js';
import { repositoryRoot } from '../../support/shared.js';
import { PLACEHOLDER } from '../../support/system.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';

const command = join(repositoryRoot, 'dist', 'models', 'reference', 'write-reference.js');

describe('npm run models:reference', function () {
  this.timeout(120_000);

  it('writes what the exams of a folder are like into the card of a bundle, and leaves the rest of it', () =>
    withTemporaryFolder(async (folder) => {
      const bundle = join(folder, 'bundle');
      await cp(PLACEHOLDER, bundle, { recursive: true });
      // The same exam twenty times: what is measured of it has tests of its own.
      await drawExams(join(folder, 'drawn'), ['exam-1']);
      for (let index = 1; index <= 20; index += 1)
        await cp(join(folder, 'drawn', 'exam-1'), join(folder, 'exams', `exam-${index}`), { recursive: true });
      const card = async () => JSON.parse(await readFile(join(bundle, 'model.json'), 'utf8'));
      const before = await card();
      await promisify(execFile)(process.execPath, [
        ...[command, bundle, '--exams', join(folder, 'exams'), '--description', 'drawn for a test'],
      ]);
      const { reference, ...rest } = await card();
      assert.deepEqual(rest, before);
      assert.equal(reference.description, 'drawn for a test');
      assert.equal(reference.exams, 20);
      assert.ok(reference.pixels.MLO.contrast.mean > 0);
      assert.equal(reference.response.patch, before.files.patch.sha256);
      assert.ok(reference.response.CC.malignantMedian.deviation > 0);
      bundleSchema.parse(await card());
    }));
});
