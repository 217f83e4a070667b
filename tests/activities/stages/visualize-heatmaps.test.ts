import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crop } from '../../../activities/stages/crop.js';
import { visualizeHeatmaps } from '../../../activities/stages/visualize-heatmaps.js';
import { readGrey16Png } from '../../../imaging/grey16-png.js';
import { writeNpz } from '../../../imaging/npz.js';
import { readPngTexts } from '../../../imaging/png-text.js';
import { sharp } from '../../../imaging/sharp.js';
import { VIEWS, viewFile } from '../../../pipeline/exam.js';
import { runStageHere } from '../../support/stage-run.js';
import { drawnExam, runStage, temporaryFolder } from './stage-runs.js';

describe('the stage visualize_heatmaps', () => {
  const folder = temporaryFolder();

  /** A cropped exam, and heatmaps that rise from row to row. */
  async function upstream(extraRows = 0): Promise<Record<string, Record<string, string>>> {
    const cropped = await runStage(crop, folder(), { exams: await drawnExam(folder()) }, { iterations: 20 });
    const heatmaps: Record<string, string> = {};
    const target = folder();
    for (const view of VIEWS) {
      const image = await readGrey16Png(cropped.files[viewFile(view)] as string);
      const rows = image.rows + extraRows;
      const { columns } = image;
      const pixels = Float32Array.from({ length: rows * columns }, (_, index) => Math.floor(index / columns) / rows);
      const benign = { rows, columns, pixels };
      heatmaps[`${view}.npz`] = join(target, `${view}.npz`);
      writeFileSync(join(target, `${view}.npz`), writeNpz({ benign, malignant: benign }));
    }
    return { crop: cropped.files, generate_heatmaps: heatmaps };
  }

  it('draws three pictures of each view, the same bytes each time, each marked as not for diagnosis', async () => {
    const files = await upstream();
    const [first, second] = [
      await runStage(visualizeHeatmaps, folder(), files),
      await runStage(visualizeHeatmaps, folder(), files),
    ];
    assert.deepEqual(
      Object.keys(first.files),
      VIEWS.flatMap((view) => [`${view}_benign.png`, `${view}_malignant.png`, `${view}_absolute.png`]),
    );
    for (const file of Object.keys(first.files)) {
      assert.deepEqual(first.read(file), second.read(file), file);
      assert.deepEqual(readPngTexts(first.read(file)), { Disclaimer: 'Research use only. Not for diagnosis.' });
    }
    const view = await readGrey16Png(files.crop?.['L_CC.png'] as string);
    const { width, height, channels } = await sharp(first.read('L_CC_benign.png')).metadata();
    assert.deepEqual([height, width, channels], [view.rows, view.columns, 3]);
  });

  it('draws what its parameters say', async () => {
    const files = await upstream();
    const plain = await runStage(visualizeHeatmaps, folder(), files);
    const swapped = await runStage(visualizeHeatmaps, folder(), files, { colourMaps: { malignant: 'deepgreen' } });
    // The two heatmaps are equal here, so in the same colours their pictures are too.
    assert.deepEqual(swapped.read('L_CC_malignant.png'), plain.read('L_CC_benign.png'));
    const strong = await runStage(visualizeHeatmaps, folder(), files, { opacity: 0.9 });
    assert.notDeepEqual(strong.read('L_CC_benign.png'), plain.read('L_CC_benign.png'));
    assert.deepEqual(strong.read('L_CC_absolute.png'), plain.read('L_CC_absolute.png'));
  });

  it('says what is warned of in the view or of the exam: in the legend, and in metadata where pixels are the original’s', async () => {
    const files = await upstream();
    const plain = await runStage(visualizeHeatmaps, folder(), files);
    const warnings = [
      { code: 'model-response', view: 'L_CC', message: 'The patch network answers as to none.' },
      { code: 'visits', message: 'The views differ.' },
    ];
    const target = folder();
    const inputs = { exam: 'exam-1', models: {}, files, labels: { bundle: '', warnings: JSON.stringify(warnings) } };
    await runStageHere(visualizeHeatmaps, inputs, target);
    const written = (file: string) => readFileSync(join(target, file));
    const raw = (png: Buffer) => sharp(png).raw().toBuffer();
    const told = 'model-response: The patch network answers as to none.\nvisits: The views differ.';
    assert.equal(readPngTexts(written('L_CC_absolute.png')).Warning, told);
    assert.equal(readPngTexts(written('L_CC_benign.png')).Warning, told);
    assert.equal(readPngTexts(written('R_CC_benign.png')).Warning, 'visits: The views differ.');
    assert.deepEqual(await raw(written('L_CC_benign.png')), await raw(plain.read('L_CC_benign.png')));
    const heights = await Promise.all(
      [plain.read('L_CC_absolute.png'), written('R_CC_absolute.png'), written('L_CC_absolute.png')].map(
        async (png) => (await sharp(png).metadata()).height,
      ),
    );
    assert.deepEqual(
      [...heights].sort((a, b) => a - b),
      heights,
    );
    assert.equal(new Set(heights).size, 3, 'the legend grows with what is warned of');
  });

  it('refuses heatmaps of another shape than their view', async () => {
    await assert.rejects(
      runStage(visualizeHeatmaps, folder(), await upstream(1)),
      /heatmaps of L_CC of exam exam-1 do not have the shape/,
    );
  });

  it('has a default for each parameter', () => {
    assert.deepEqual(visualizeHeatmaps.parameters.parse({}), {
      colourMaps: { malignant: 'hot', benign: 'deepgreen' },
      opacity: 0.2,
      absoluteOpacity: 0.5,
    });
    assert.equal(visualizeHeatmaps.parameters.safeParse({ colourMaps: { benign: 'jet' } }).success, false);
  });
});
