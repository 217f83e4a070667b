import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crop } from '../../../activities/stages/crop.js';
import { extractCenters } from '../../../activities/stages/extract-centers.js';
import { VIEWS, viewFile } from '../../../pipeline/exam.js';
import { centersDocumentSchema } from '../../../pipeline/stage-documents.js';
import { type GoldenCrop, goldenJson } from '../../imaging/golden.js';
import { itWithShared } from '../../support/shared.js';
import { drawnExam, runStage, type StageRun, temporaryFolder } from './stage-runs.js';

const centersOf = (run: StageRun) => centersDocumentSchema.parse(JSON.parse(run.read('centers.json').toString())).views;

describe('the stage extract_centers', () => {
  const folder = temporaryFolder();

  itWithShared('finds the centers that the original program finds', async (shared) => {
    const exams = Object.fromEntries(
      VIEWS.map((view) => [viewFile(view), join(shared, 'exams', 'gmic-0', viewFile(view))]),
    );
    const cropped = await runStage(crop, folder(), { exams });
    const centers = centersOf(await runStage(extractCenters, folder(), { crop: cropped.files }));
    for (const { image, best_center } of goldenJson<GoldenCrop[]>(shared, 'gmic-0', 'crop_centers.json')) {
      assert.deepEqual(centers[image as keyof typeof centers], { best_center });
    }
  });

  it('moves every center by the offset, and by nothing unless told', async () => {
    const cropped = await runStage(crop, folder(), { exams: await drawnExam(folder()) }, { iterations: 20 });
    const files = { crop: cropped.files };
    const plain = centersOf(await runStage(extractCenters, folder(), files));
    const moved = centersOf(await runStage(extractCenters, folder(), files, { offset: [5, -7] }));
    for (const view of VIEWS) {
      const [y, x] = plain[view].best_center;
      assert.deepEqual(moved[view].best_center, [y + 5, x - 7]);
    }
  });

  it('says so when the document it reads is not what crop writes', async () => {
    const cropped = await runStage(crop, folder(), { exams: await drawnExam(folder()) }, { iterations: 20 });
    const broken = join(folder(), 'crop.json');
    writeFileSync(broken, '{"schemaVersion": 2}');
    const files = { crop: { ...cropped.files, 'crop.json': broken } };
    await assert.rejects(runStage(extractCenters, folder(), files), /crop\.json is not the document/);
  });
});
