import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { findExamFolders } from '../../../api/changing/exam-folders.js';
import { pngChunk } from '../../../imaging/png-chunks.js';
import { EXAM_FILES, VIEWS, viewFile } from '../../../pipeline/exam.js';
import { assemble, makePng } from '../../imaging/png-fixtures.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';

const VIEW = makePng({ rows: 8, columns: 6 });
/** `[{'horizontal_flip': 'YES', 'L-CC': ['3_L_CC'], …}]` in protocol 0. */
const LIST = Buffer.from(
  `(lp0\n(dp1\nVhorizontal_flip\nVYES\ns${VIEWS.map((view) => `V${view.replace('_', '-')}\n(lV3_${view}\nas`).join('')}a.`,
);

async function writeExam(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const view of VIEWS) await writeFile(join(folder, viewFile(view)), VIEW);
}

/** A header that promises 3.6 thousand million pixels, over a few bytes of data. */
function bomb(): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(60_000, 0);
  header.writeUInt32BE(60_000, 4);
  header[8] = 16;
  return assemble([pngChunk('IHDR', header), pngChunk('IDAT', deflateSync(Buffer.alloc(100)))]);
}

const replace = (content: Buffer) => (folder: string) => writeFile(join(folder, 'R_MLO.png'), content);

/** What is wrong, how it comes about, and the one sentence that says so and what to do. */
const BAD: [string, (folder: string) => Promise<unknown>, RegExp][] = [
  [
    'an 8-bit view',
    replace(makePng({ rows: 8, columns: 6, depth: 8 })),
    /^R_MLO\.png of exam bad is an 8-bit greyscale PNG.*Export/,
  ],
  [
    'an RGB view',
    replace(makePng({ rows: 8, columns: 6, colour: 2 })),
    /^R_MLO\.png of exam bad is a 16-bit RGB PNG.*Export/,
  ],
  [
    'a truncated view',
    replace(VIEW.subarray(0, VIEW.length - 20)),
    /^R_MLO\.png of exam bad is cut short.*Copy it again/,
  ],
  ['a view of zero bytes', replace(Buffer.alloc(0)), /^R_MLO\.png of exam bad is empty \(zero bytes\)\. Copy it again/],
  [
    'a view that is no PNG',
    replace(Buffer.from('II*\0 a TIFF')),
    /^R_MLO\.png of exam bad is a TIFF picture, not a PNG file\. Convert/,
  ],
  ['a decompression bomb', replace(bomb()), /^R_MLO\.png of exam bad is too large: 60000 × 60000 pixels\. Use/],
  [
    'a view with a flipped bit',
    replace(Buffer.from(VIEW.map((byte, index) => (index === VIEW.length - 20 ? byte ^ 1 : byte)))),
    /^R_MLO\.png of exam bad is damaged: a checksum does not match/,
  ],
  [
    'no R_MLO',
    (folder) => rm(join(folder, 'R_MLO.png')),
    /^Exam bad lacks the view R_MLO\. Add R_MLO\.png to the folder\.$/,
  ],
  [
    'two views less',
    async (folder) => {
      await rm(join(folder, 'L_CC.png'));
      await rm(join(folder, 'R_MLO.png'));
    },
    /^Exam bad lacks the views L_CC, R_MLO\. Add L_CC\.png, R_MLO\.png to the folder\.$/,
  ],
  [
    'a view twice',
    (folder) => writeFile(join(folder, 'r_mlo.PNG'), VIEW),
    /^Exam bad has view R_MLO twice: R_MLO\.png and r_mlo\.PNG\. Keep one\.$/,
  ],
  [
    'a view beside the same view of another exam',
    (folder) => writeFile(join(folder, '3_L_CC.png'), VIEW),
    /^Exam bad has view L_CC twice: 3_L_CC\.png and L_CC\.png\. Keep one, or give each exam a folder of its own\.$/,
  ],
  [
    'views with different numbers',
    async (folder) => {
      for (const [index, view] of VIEWS.entries())
        await rename(join(folder, viewFile(view)), join(folder, `${index}_${view}.png`));
    },
    /^Exam bad has 0_L_CC\.png and 1_R_CC\.png, whose numbers differ.* Name them L_CC\.png and R_CC\.png if they are of one\.$/,
  ],
  [
    'a DICOM file for a view',
    (folder) => rename(join(folder, 'R_MLO.png'), join(folder, 'R-MLO.dcm')),
    /^Exam bad lacks the view R_MLO\. Add R_MLO\.png to the folder\. R-MLO\.dcm looks like a DICOM file of R_MLO\. Export/,
  ],
  [
    'a pickle that may be the list',
    (folder) => writeFile(join(folder, 'cropped_exam_list.pkl'), 'x'),
    /^Exam bad has cropped_exam_list\.pkl beside its views.* Name it gen_exam_list\.pkl if it is the exam's list, or move/,
  ],
  [
    'two lists',
    async (folder) => {
      for (const name of ['gen_exam_list.pkl', 'gen_exam_list_before_cropping.pkl'])
        await writeFile(join(folder, name), LIST);
    },
    /^Exam bad has two exam lists: gen_exam_list\.pkl and gen_exam_list_before_cropping\.pkl\. Keep the one/,
  ],
  [
    'the list of another exam',
    async (folder) => {
      for (const view of VIEWS) await rename(join(folder, viewFile(view)), join(folder, `7_${view}.png`));
      await writeFile(join(folder, 'gen_exam_list.pkl'), LIST);
    },
    /^gen_exam_list\.pkl of exam bad names 3_L_CC, but 7_L_CC\.png lies beside it: it may be the list of another exam\. Put the list/,
  ],
  [
    'views under other names',
    async (folder) => {
      for (const view of VIEWS) await rename(join(folder, viewFile(view)), join(folder, `${view}_1.png`));
    },
    /^Exam bad lacks the views L_CC, R_CC, L_MLO, R_MLO\. Add .* L_CC_1\.png looks like a picture of L_CC\. Name it L_CC\.png if/,
  ],
  [
    'a folder for a view',
    async (folder) => {
      await rm(join(folder, 'R_MLO.png'));
      await mkdir(join(folder, 'R_MLO.png'));
    },
    /^R_MLO\.png of exam bad is no file\./,
  ],
  [
    'a pipe for a view',
    async (folder) => {
      await rm(join(folder, 'R_MLO.png'));
      execFileSync('mkfifo', [join(folder, 'R_MLO.png')]);
    },
    /^R_MLO\.png of exam bad is no file\./,
  ],
  [
    'a link to nowhere for a view',
    async (folder) => {
      await rm(join(folder, 'R_MLO.png'));
      await symlink('nowhere', join(folder, 'R_MLO.png'));
    },
    /^R_MLO\.png of exam bad cannot be read \(ENOENT\)\. Check/,
  ],
  [
    'an exam list with code in it',
    // A pickle of protocol 2 that would call os.system('true').
    (folder) =>
      writeFile(join(folder, 'gen_exam_list.pkl'), Buffer.from('\x80\x02cos\nsystem\nX\x04\0\0\0true\x85R.', 'latin1')),
    /^gen_exam_list\.pkl of exam bad names os\.system.*nothing was run/,
  ],
  [
    'an exam list that is far too large',
    (folder) => writeFile(join(folder, 'gen_exam_list.pkl'), Buffer.alloc(2 * 1024 * 1024)),
    /^gen_exam_list\.pkl of exam bad is too large: 2097152 bytes\. Use a file of at most 1 MiB\.$/,
  ],
];

describe('finding exam folders', () => {
  it('takes the folder of an exam, or the folder above exams', () =>
    withTemporaryFolder(async (folder) => {
      for (const name of ['b', 'a']) await writeExam(join(folder, name));
      const names = async (...paths: string[]) => (await findExamFolders(paths)).exams.map(({ name }) => name);
      assert.deepEqual(await names(folder), ['a', 'b']);
      assert.deepEqual(await names(join(folder, 'a')), ['a']);
      assert.deepEqual(await names(join(folder, 'b'), `${join(folder, 'a')}/`), ['a', 'b']);
      const { exams } = await findExamFolders([join(folder, 'a')]);
      assert.deepEqual(
        exams[0]?.files,
        VIEWS.map((view) => ({ path: viewFile(view), local: join(folder, 'a', viewFile(view)) })),
      );
    }));

  it('sees through links to folders and to files', () =>
    withTemporaryFolder(async (folder) => {
      await writeExam(join(folder, 'archive', 'x'));
      await mkdir(join(folder, 'exams', 'linked-views'), { recursive: true });
      await symlink(join(folder, 'archive', 'x'), join(folder, 'exams', 'linked-folder'));
      for (const view of VIEWS) {
        await symlink(
          join(folder, 'archive', 'x', viewFile(view)),
          join(folder, 'exams', 'linked-views', viewFile(view)),
        );
      }
      const names = async (path: string) => (await findExamFolders([path])).exams.map(({ name }) => name);
      assert.deepEqual(await names(join(folder, 'exams')), ['linked-folder', 'linked-views']);
      assert.deepEqual(await names(join(folder, 'exams', 'linked-views')), ['linked-views']);
    }));

  it('reports what is no part of an exam and leaves it out', () =>
    withTemporaryFolder(async (folder) => {
      await writeExam(join(folder, 'a'));
      await writeFile(join(folder, 'a', 'notes.txt'), '');
      await mkdir(join(folder, 'a', 'old'));
      await mkdir(join(folder, 'empty'));
      await writeFile(join(folder, 'README.md'), '');
      const { exams, refused, leftOut, leftOutReasons } = await findExamFolders([folder]);
      assert.deepEqual(
        exams.map(({ files }) => files.length),
        [4],
      );
      assert.deepEqual(refused, []);
      const expected = ['README.md', 'a/notes.txt', 'a/old', 'empty'].map((path) => join(folder, path));
      assert.deepEqual(leftOut, expected);
      assert.equal(leftOutReasons[join(folder, 'empty')], 'an empty folder');
      assert.equal(leftOutReasons[join(folder, 'README.md')], 'no part of an exam');
    }));

  it('leaves out what systems and archivers leave beside exams, with the reason', () =>
    withTemporaryFolder(async (folder) => {
      const reasons: Record<string, string> = {
        '.DS_Store': 'made by macOS',
        '.hidden/L_CC.png': 'hidden',
        'Thumbs.db': 'made by Windows',
        '@eaDir/a/L_CC.png': 'made by a storage box',
        '__MACOSX/a/._L_CC.png': 'made by macOS when it packs an archive',
        '__MACOSX/L_CC.png': 'made by macOS when it packs an archive',
        'lost+found/L_CC.png': 'made by the file system',
        'scans/IM0001':
          'a folder without a view; IM0001 looks like a DICOM file. Export its picture as a 16-bit greyscale PNG and name it L_CC.png, R_CC.png, L_MLO.png or R_MLO.png.',
        'notes/readme.txt': 'a folder without a view',
        'a/._L_CC.png': 'made by macOS beside files on other file systems',
        'a/L_CC_2.png': 'no part of an exam; looks like a picture of L_CC',
      };
      await writeExam(join(folder, 'a'));
      for (const path of Object.keys(reasons)) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await writeFile(join(folder, path), VIEW);
      }
      const { exams, refused, leftOut, leftOutReasons } = await findExamFolders([folder]);
      assert.deepEqual([exams.map(({ name }) => name), refused], [['a'], []]);
      const top = (path: string): string => join(folder, path.startsWith('a/') ? path : (path.split('/')[0] as string));
      assert.deepEqual(leftOut, [...new Set(Object.keys(reasons).map(top))].sort());
      for (const [path, reason] of Object.entries(reasons)) assert.equal(leftOutReasons[top(path)], reason, path);
    }));

  it('takes views as they are written elsewhere, and commits them under their own names', () =>
    withTemporaryFolder(async (folder) => {
      const written: Record<string, readonly string[]> = {
        dashed: ['L-CC.png', 'R-CC.png', 'L-MLO.png', 'R-MLO.png', 'gen_exam_list_before_cropping.pkl'],
        mixed: ['lcc.PNG', 'R CC.png', 'l_mlo.png', 'R.MLO.png', 'Gen_Exam_List.pkl'],
        nyu: ['3_L_CC.png', '3_R_CC.png', '3_L_MLO.png', '3_R_MLO.png', 'gen_exam_list.pkl'],
      };
      for (const [exam, names] of Object.entries(written)) {
        await mkdir(join(folder, exam));
        for (const name of names) await writeFile(join(folder, exam, name), name.endsWith('kl') ? LIST : VIEW);
      }
      const { exams, refused, remarks } = await findExamFolders([folder]);
      assert.deepEqual([refused, remarks], [[], []]);
      for (const { name, files } of exams) {
        assert.deepEqual(
          files,
          EXAM_FILES.map((path, index) => ({ path, local: join(folder, name, written[name]?.[index] as string) })),
        );
      }
      assert.equal(exams.length, 3);
    }));

  for (const [what, spoil, message] of BAD) {
    it(`refuses an exam with ${what} alone and takes the others`, () =>
      withTemporaryFolder(async (folder) => {
        for (const name of ['good', 'bad']) await writeExam(join(folder, name));
        await spoil(join(folder, 'bad'));
        const { exams, refused } = await findExamFolders([folder]);
        assert.deepEqual(
          exams.map(({ name }) => name),
          ['good'],
        );
        assert.deepEqual(
          refused.map(({ exam }) => exam),
          ['bad'],
        );
        assert.match(refused[0]?.reason ?? '', message);
        assert.doesNotMatch(refused[0]?.reason ?? '', /\n/);
      }));
  }

  it('refuses names that cannot be exam ids', () =>
    withTemporaryFolder(async (folder) => {
      const names = ['exam 1', '🩻', '-rf', '_x', 'ümlaut', 'a'.repeat(129), 'a\nb', 'a:b'];
      for (const name of ['good-1.2_x', ...names]) await writeExam(join(folder, name));
      const { exams, refused } = await findExamFolders([folder]);
      assert.deepEqual(
        exams.map(({ name }) => name),
        ['good-1.2_x'],
      );
      assert.deepEqual(new Set(refused.map(({ exam }) => exam)), new Set(names));
      for (const { exam, reason } of refused) {
        assert.ok(reason.startsWith(`${JSON.stringify(exam)} is no exam id: an exam id is 1 to 128`), reason);
        assert.match(reason, /Rename the folder\.$/);
      }
    }));

  it('refuses an exam that is given in two places, since one could be another patient', () =>
    withTemporaryFolder(async (folder) => {
      for (const name of ['first/a', 'second/a', 'second/b']) await writeExam(join(folder, name));
      const { exams, refused } = await findExamFolders([join(folder, 'first'), join(folder, 'second')]);
      assert.deepEqual(
        exams.map(({ name }) => name),
        ['b'],
      );
      assert.equal(refused.length, 1);
      assert.equal(
        refused[0]?.reason,
        `Exam a is given twice: ${join(folder, 'first/a')} and ${join(folder, 'second/a')}. Put one of them.`,
      );
    }));

  it('does not mind the same folder named twice', () =>
    withTemporaryFolder(async (folder) => {
      await writeExam(join(folder, 'a'));
      const { exams, refused } = await findExamFolders([folder, join(folder, 'a'), folder]);
      assert.equal(exams.length, 1);
      assert.deepEqual(refused, []);
    }));

  it('says when there is nothing to find', () =>
    withTemporaryFolder(async (folder) => {
      await assert.rejects(findExamFolders([folder]), { code: 'not-found', message: `There is no exam in ${folder}.` });
      await assert.rejects(findExamFolders([join(folder, 'x')]), { code: 'not-found', message: /does not exist/ });
      await writeFile(join(folder, 'L_CC.png'), VIEW);
      await assert.rejects(findExamFolders([join(folder, 'L_CC.png')]), {
        code: 'invalid-argument',
        message: /is a file/,
      });
    }));
});
