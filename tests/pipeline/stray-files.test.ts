import assert from 'node:assert/strict';
import { gatherStrayFolders, type StrayFolder } from '../../pipeline/stray-files.js';

function gathered(...keys: readonly string[]): StrayFolder[] {
  const folders = gatherStrayFolders();
  for (const key of keys) folders.add(key);
  return folders.list();
}

describe('stray files of the inbox', () => {
  it('of an exam are told with what they look like and what to do, folder by folder', () => {
    const folder = 'inbox/exams/exam-5/';
    assert.deepEqual(
      gathered(`${folder}L-CC.dcm`, `${folder}notes.txt`, `${folder}R-CC.dcm`, 'inbox/exams/exam-6/scan.tif'),
      [
        {
          folder,
          exam: 'exam-5',
          files: 2,
          sentence:
            'L-CC.dcm looks like a DICOM file of L_CC, as do others of its 2. Export its picture as a 16-bit greyscale PNG and name it L_CC.png.',
        },
        {
          folder: 'inbox/exams/exam-6/',
          exam: 'exam-6',
          files: 1,
          sentence:
            'scan.tif looks like a TIFF picture. Export its picture as a 16-bit greyscale PNG and name it L_CC.png, R_CC.png, L_MLO.png or R_MLO.png.',
        },
      ],
    );
  });

  const places: readonly (readonly [string, string | undefined, RegExp])[] = [
    [
      'inbox/exams/2026-11-27/exam-1/L_CC.png',
      'exam-1',
      /^L_CC\.png looks like an exam's L_CC\.png and lies outside of an exam's folder\. Upload it to inbox\/exams\/exam-1\/\.$/,
    ],
    [
      'inbox/exams/L-CC.png',
      undefined,
      /an exam's L_CC\.png and lies outside .* Upload it to inbox\/exams\/<exam>\/\.$/,
    ],
    ['inbox/exam-1/L_CC.png', 'exam-1', /Upload it to inbox\/exams\/exam-1\/\.$/],
    ['inbox/exams/a b/c d/x.dcm', undefined, /Upload it to inbox\/exams\/<exam>\/\. Export its picture/],
    [
      'inbox/exams/exam-1/L_CC_2.png',
      'exam-1',
      /^L_CC_2\.png looks like a picture of L_CC\. Name it L_CC\.png if it is that view\.$/,
    ],
    ['inbox/exams/exam-1/left cc for processing.png', 'exam-1', /looks like a picture of L_CC\./],
    ['inbox/exams/exam-1/IM0001', 'exam-1', /^IM0001 looks like a DICOM file\./],
    ['inbox/exams/exam-1/1.2.840.113619.2.66.2158.1', 'exam-1', /looks like a DICOM file\./],
    ['inbox/exams/exam-1/views.zip', 'exam-1', /^views\.zip looks like an archive\. Unpack it\.$/],
    [
      'inbox/exams/exam-1/L_CC_R_CC.png',
      'exam-1',
      /^L_CC_R_CC\.png looks like a picture\. Name it L_CC\.png, R_CC\.png/,
    ],
  ];
  for (const [key, exam, sentence] of places) {
    it(`is told of ${key}`, () => {
      const [folder, ...others] = gathered(key);
      assert.deepEqual([folder?.exam, folder?.files, others], [exam, 1, []]);
      assert.match(folder?.sentence ?? '', sentence);
    });
  }

  it('that look like nothing of an exam are not told', () => {
    assert.deepEqual(
      gathered(
        'inbox/readme.txt',
        'inbox/exams/exam-1/.DS_Store',
        'inbox/exams/exam-1/._L_CC.png',
        'inbox/exams/exam-1/Thumbs.db',
      ),
      [],
    );
  });

  it('are told of a bounded number of folders', () => {
    const keys = Array.from({ length: 5_000 }, (_, index) => `inbox/exams/exam-${index}/x.dcm`);
    assert.equal(gathered(...keys).length, 200);
  });
});
