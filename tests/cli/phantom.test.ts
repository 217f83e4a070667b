import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crop } from '../../activities/stages/crop.js';
import { findExamFolders } from '../../api/changing/exam-folders.js';
import { readTruth, TRUTH_FILE } from '../../models/phantom/truth.js';
import { VIEWS } from '../../pipeline/exam.js';
import { cropDocumentSchema } from '../../pipeline/stage-documents.js';
import { mammoflow } from '../support/command.js';
import { freshBucket } from '../support/services.js';
import { filesOf, runStageHere } from '../support/stage-run.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

describe('mammoflow phantom', () => {
  it('draws exams that can be put as they are and cropped around their lesions, and tells what it drew', () =>
    withTemporaryFolder(async (folder) => {
      const s3 = await freshBucket();
      const phantoms = join(folder, 'phantoms');
      const args = ['phantom', phantoms, '--exams', '2', '--seed', '8', '--mix', 'benign=1,malignant=1'];
      const first = await mammoflow(s3, ...args, '--json');
      assert.equal(first.exitCode, 0, first.stderr);
      assert.deepEqual(JSON.parse(first.stdout), {
        folder: phantoms,
        truth: join(phantoms, TRUTH_FILE),
        seed: 8,
        mix: { normal: 0, benign: 1, malignant: 1, both: 0 },
        exams: 2,
        drawn: 2,
        kept: 0,
      });
      const again = await mammoflow(s3, ...args);
      assert.match(again.stdout, /2 exams in .*phantoms: benign=1,malignant=1 \(0 drawn, 2 kept\)/);
      assert.match(again.stdout, /they show no patient.*Not for diagnosis/);

      const { exams, refused, leftOut } = await findExamFolders([phantoms]);
      const truth = await readTruth(phantoms);
      assert.deepEqual(
        exams.map(({ name }) => name),
        truth?.exams.map(({ exam }) => exam),
      );
      assert.deepEqual(refused, []);
      assert.deepEqual(leftOut, [join(phantoms, TRUTH_FILE)]);

      for (const { exam, lesions } of truth?.exams ?? []) {
        const output = join(folder, 'crop', exam);
        await runStageHere(crop, { exam, files: { exams: await filesOf(join(phantoms, exam)) }, models: {} }, output);
        const document = cropDocumentSchema.parse(JSON.parse(await readFile(join(output, 'crop.json'), 'utf8')));
        for (const view of VIEWS) {
          const [top, bottom, left, right] = document.views[view].window_location;
          for (const { views } of lesions) {
            const circle = views[view];
            if (circle === undefined) continue;
            assert.ok(circle.row - circle.radius > top && circle.row + circle.radius < bottom, `${exam} ${view}`);
            assert.ok(circle.column - circle.radius > left && circle.column + circle.radius < right, `${exam} ${view}`);
          }
        }
      }
    }));

  for (const [what, args, message] of [
    ['a seed that is no whole number', ['--seed', '1.5'], /whole number from 0 to 4294967295/],
    ['a seed that is too large', ['--seed', '4294967296'], /whole number from 0 to 4294967295/],
    ['no exams', ['--exams', '0'], /whole number from 1 on/],
    ['a mix it does not know', ['--mix', 'healthy=1'], /"healthy=1" is no mix of exams/],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const { exitCode, stderr } = await mammoflow(await freshBucket(), 'phantom', '/nowhere', ...args);
      assert.equal(exitCode, 1);
      assert.match(stderr, message);
    });
  }

  it('says so when the folder cannot be written to', async () => {
    const { exitCode, stderr } = await mammoflow(await freshBucket(), 'phantom', '/dev/null/phantoms', '--exams', '1');
    assert.equal(exitCode, 1);
    assert.match(stderr, /\/dev\/null\/phantoms.* cannot be written \(ENOTDIR\)\. Check that there is room/);
  });
});
