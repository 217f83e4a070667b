import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { zipSync } from 'fflate';
import { findDicomFiles } from '../../../api/changing/find-dicom-files.js';
import { mammogram } from '../../support/dicom/objects.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';

describe('finding DICOM files', () => {
  const object = mammogram();

  it('looks at what files are and not at their names, in folders of any depth', () =>
    withTemporaryFolder(async (folder) => {
      const deep = join(folder, 'disc', 'DICOM', 'P1', 'S1');
      await mkdir(deep, { recursive: true });
      for (const name of ['IM0001', 'x.png.bak', 'notes.txt']) {
        await writeFile(join(deep, name), name === 'notes.txt' ? 'a note' : object);
      }
      const { objects, others } = await findDicomFiles([join(folder, 'disc')], join(folder, 'unpacked'));
      assert.deepEqual(objects.map((path) => basename(path)).sort(), ['IM0001', 'x.png.bak']);
      assert.deepEqual(others, []);
    }));

  it('leaves folders of pictures to those who read them', () =>
    withTemporaryFolder(async (folder) => {
      await mkdir(join(folder, 'exam-1'));
      await writeFile(join(folder, 'exam-1', 'L_CC.png'), object);
      assert.deepEqual(await findDicomFiles([folder, 'not-there'], join(folder, 'unpacked')), {
        objects: [],
        others: [folder, 'not-there'],
      });
    }));

  it('unpacks archives, and nothing outside of their folder', () =>
    withTemporaryFolder(async (folder) => {
      const archive = zipSync({ 'A/IM1': object, '../../IM2': object, 'A/readme.txt': Buffer.from('a note') });
      await writeFile(join(folder, 'study.zip'), archive);
      const { objects } = await findDicomFiles([join(folder, 'study.zip')], join(folder, 'unpacked'));
      assert.deepEqual(objects.map((path) => basename(path)).sort(), ['IM1', 'IM2']);
      assert.ok(objects.every((path) => path.startsWith(join(folder, 'unpacked'))));
    }));

  it('refuses an archive that is cut short', () =>
    withTemporaryFolder(async (folder) => {
      const archive = zipSync({ IM1: object, IM2: Buffer.alloc(5000, 3) });
      await writeFile(join(folder, 'study.zip'), archive.subarray(0, 300));
      await assert.rejects(findDicomFiles([join(folder, 'study.zip')], join(folder, 'unpacked')), {
        code: 'invalid-argument',
        message: /^study\.zip (is cut short|cannot be unpacked|is damaged)/,
      });
    }));
});
