import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { findExamFolders } from '../../../api/changing/exam-folders.js';
import { pngChunk } from '../../../imaging/png-chunks.js';
import { VIEWS, viewFile } from '../../../pipeline/exam.js';
import { assemble, makePng } from '../../imaging/png-fixtures.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';

const VIEW = makePng({ rows: 8, columns: 6 });

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
    /^R_MLO\.png of exam bad is a 8-bit greyscale PNG.*Export/,
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
  ['a view that is no PNG', replace(Buffer.from('II*\0 a TIFF')), /^R_MLO\.png of exam bad is not a PNG file\. Export/],
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
    'a view in small letters',
    (folder) => rename(join(folder, 'R_MLO.png'), join(folder, 'r_mlo.png')),
    /^Exam bad has r_mlo\.png for view R_MLO\. Name it R_MLO\.png\.$/,
  ],
  [
    'views under other names',
    async (folder) => {
      for (const view of VIEWS) await rename(join(folder, viewFile(view)), join(folder, `${view}_1.png`));
    },
    /^Exam bad lacks the views L_CC, R_CC, L_MLO, R_MLO\./,
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
    /^gen_exam_list\.pkl of exam bad holds the pickle instruction GLOBAL.*nothing was run/,
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
      const { exams, refused, leftOut } = await findExamFolders([folder]);
      assert.deepEqual(
        exams.map(({ files }) => files.length),
        [4],
      );
      assert.deepEqual(refused, []);
      const expected = ['README.md', 'a/notes.txt', 'a/old', 'empty'].map((path) => join(folder, path));
      assert.deepEqual(leftOut, expected);
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
      const names = ['exam 1', '🩻', '..a', '.hidden', '-rf', '_x', 'ümlaut', 'a'.repeat(129), 'a\nb', 'a:b'];
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
