import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readGrey16Png, writeGrey16Png } from '../../imaging/grey16-png.js';
import { type Mend, mendView } from '../../imaging/quality/mend.js';
import { ExamError, MammoflowError } from '../../pipeline/errors.js';
import { EXAM_LIST_FILE, VIEWS, viewFile } from '../../pipeline/exam.js';
import { qualityPolicySchema, qualitySettings } from '../../pipeline/quality-policy.js';
import { horizontalFlipOf, localFile, type MendProposal } from '../inspect-exam-folder.js';
import { findExamFolders } from './exam-folders.js';

export interface MendOptions {
  /** Folders of exams, or folders above them. */
  readonly paths: readonly string[];
  /** Where the mended exams are written, `<out>/<exam>/`. What lies there already is not overwritten. */
  readonly out: string;
  /** Only these changes; all that help unless said. */
  readonly only?: readonly Mend[] | undefined;
}

/** One exam that was written anew. */
export interface MendedExam {
  readonly exam: string;
  readonly folder: string;
  /** What was changed; views that are not named are as they were. */
  readonly changed: readonly MendProposal[];
  /** Checks that refuse a view all the same, as `<check> in <view>`. */
  readonly left: readonly string[];
}

/**
 * Writes copies of exams in which what can be mended without loss is mended: bytes swapped back, grey inverted, mirrored,
 * a frame cut away. The originals are not touched. Exams that need nothing, or that nothing helps, are not written.
 *
 * @throws MammoflowError `not-found` when a path holds no exam, `invalid-argument` when an exam's folder is there already.
 * @example
 * for await (const { exam, changed } of mammoflow.mend({ paths: ['./november'], out: './mended' })) console.log(exam, changed);
 */
export async function* mend(_: unknown, { paths, out, only }: MendOptions): AsyncGenerator<MendedExam> {
  const settings = qualitySettings(qualityPolicySchema.parse({}));
  const { exams } = await findExamFolders(paths);
  for (const item of exams) {
    const horizontalFlip = await horizontalFlipOf(item);
    const changed: MendProposal[] = [];
    const left: string[] = [];
    const pictures = new Map<string, Buffer>();
    for (const view of VIEWS) {
      const image = await readGrey16Png(localFile(item, viewFile(view)), { exam: item.name, view }).catch((error) => {
        // A file that is no picture is what `inspect` and `put` tell of.
        if (error instanceof ExamError) return undefined;
        throw error;
      });
      if (image === undefined) continue;
      const mended = mendView(image, { view, horizontalFlip }, settings);
      const isWanted = mended.mends.every((one) => only?.includes(one) !== false);
      if (mended.mends.length > 0 && isWanted) {
        changed.push({ view, mends: mended.mends });
        pictures.set(viewFile(view), await writeGrey16Png(mended.image));
      }
      const refused = mended.findings.filter(({ verdict }) => verdict === 'refuse');
      left.push(...refused.map(({ code }) => `${code} in ${view}`));
    }
    if (changed.length === 0) continue;
    const folder = resolve(out, item.name);
    await requireEmpty(folder);
    await mkdir(folder, { recursive: true });
    for (const { path, local } of item.files) {
      const picture = pictures.get(path);
      // The list stays as it is: a view is mirrored so that it lies as the list says.
      if (picture === undefined || path === EXAM_LIST_FILE) await copyFile(local, join(folder, path));
      else await writeFile(join(folder, path), picture);
    }
    yield { exam: item.name, folder, changed, left };
  }
}

async function requireEmpty(folder: string): Promise<void> {
  const there = await readdir(folder).catch(() => []);
  if (there.length === 0) return;
  throw new MammoflowError('invalid-argument', `${folder} is there already.`, 'Give another folder with --out.');
}
