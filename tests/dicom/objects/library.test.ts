import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pixelsOfFiles } from 'mammoflow/dicom-objects';
import { writeNpz } from '../../../imaging/npz.js';
import { writeRgbPng } from '../../../imaging/rgb-png.js';
import { VIEWS } from '../../../pipeline/exam.js';
import { repositoryRoot } from '../../support/shared.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { samplePixels, sampleResult } from './sample-result.js';

const run = promisify(execFile);
const example = join(repositoryRoot, 'dist', 'docs', 'examples', 'dicom-objects.js');

describe('DICOM objects as a library', () => {
  it("come from the stages' files by the example's few lines", async () => {
    await withTemporaryFolder(async (folder) => {
      const [heatmaps, pictures, out] = ['heatmaps', 'pictures', 'dicom'].map((name) => join(folder, name)) as [
        string,
        string,
        string,
      ];
      await mkdir(heatmaps);
      await mkdir(pictures);
      const pixels = samplePixels();
      for (const view of VIEWS) {
        await writeFile(join(heatmaps, `${view}.npz`), writeNpz(await pixels.heatmaps(view)));
        await writeFile(join(pictures, `${view}_absolute.png`), await writeRgbPng(await pixels.absolutePicture(view)));
      }
      const result = join(folder, 'result.json');
      await writeFile(result, JSON.stringify(sampleResult()));
      const { stdout } = await run(process.execPath, [example, result, heatmaps, pictures, out]);
      assert.equal((await readdir(out)).length, 18);
      for (const line of stdout.trim().split('\n')) {
        const [name = '', uid = ''] = line.split(/ +/);
        assert.ok((await readFile(join(out, name))).includes(uid), line);
      }
      assert.deepEqual(
        await pixelsOfFiles({ heatmaps, pictures }).absolutePicture('L_CC'),
        await pixels.absolutePicture('L_CC'),
      );
    });
  });

  it('say what is wrong with a file, and with a result', async () => {
    await withTemporaryFolder(async (folder) => {
      await writeFile(join(folder, 'L_CC_absolute.png'), 'no picture');
      await writeFile(join(folder, 'L_CC.npz'), 'no archive');
      const { heatmaps, absolutePicture } = pixelsOfFiles({ heatmaps: folder, pictures: folder });
      await assert.rejects(absolutePicture('L_CC'), { code: 'corrupt-data' });
      await assert.rejects(heatmaps('L_CC'), { code: 'corrupt-data' });
      const result = join(folder, 'result.json');
      await writeFile(result, '{}');
      await assert.rejects(run(process.execPath, [example, result, folder, folder, folder]), {
        code: 1,
        stderr: /^invalid-argument: This result cannot be written as DICOM objects: schemaVersion/,
      });
    });
  });
});
