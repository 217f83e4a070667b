import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readGrey16Png, writeGrey16Png } from '../../../imaging/grey16-png.js';
import { inspectResponse } from '../../../imaging/quality/model-response.js';
import { readBundle } from '../../../inference/bundle.js';
import { packageRoot } from '../../../infra/package-root.js';
import { openResponder } from '../../../models/reference/respond.js';
import { bundleSchema } from '../../../pipeline/bundle.js';
import { VIEWS, viewFile } from '../../../pipeline/exam.js';
import { responsePolicySchema } from '../../../pipeline/quality-policy.js';
import { drawExams } from '../../support/exams.js';
import { itWithShared, repositoryRoot } from '../../support/shared.js';
import { filesOf } from '../../support/stage-run.js';
import { PLACEHOLDER } from '../../support/system.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';

const command = join(repositoryRoot, 'dist', 'models', 'reference', 'write-reference.js');

/** Every other pixel, so that twenty exams have few patches. */
async function halve(path: string): Promise<void> {
  const { rows, columns, pixels } = await readGrey16Png(path);
  const half = { rows: rows >> 1, columns: columns >> 1 };
  const kept = Uint16Array.from({ length: half.rows * half.columns }, (_, index) => {
    const column = index % half.columns;
    return pixels[2 * ((index - column) / half.columns) * columns + 2 * column] as number;
  });
  await writeFile(path, await writeGrey16Png({ ...half, pixels: kept }));
}

describe('the answer of the default model', () => {
  itWithShared('to a real mammogram is as to no picture that it was made for, in every view', async (shared) => {
    const folder = join(packageRoot, 'models', 'phantom', 'bundle');
    const { bundle } = await readBundle(folder);
    const responder = await openResponder(folder);
    try {
      const measured = await responder.respond('gmic-0', await filesOf(join(shared, 'exams', 'gmic-0')));
      const findings = inspectResponse(measured, bundle.reference?.response, responsePolicySchema.parse({}));
      assert.deepEqual(
        findings.map(({ verdict }) => verdict),
        VIEWS.map(() => 'warn'),
      );
    } finally {
      await responder.close();
    }
  });
});

describe('npm run models:reference', () => {
  it('writes what the exams of a folder are like into the card of a bundle, and leaves the rest of it', () =>
    withTemporaryFolder(async (folder) => {
      const bundle = join(folder, 'bundle');
      await cp(PLACEHOLDER, bundle, { recursive: true });
      // The same exam twenty times: what is measured of it has tests of its own.
      await drawExams(join(folder, 'drawn'), ['exam-1']);
      for (const view of VIEWS) await halve(join(folder, 'drawn', 'exam-1', viewFile(view)));
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
