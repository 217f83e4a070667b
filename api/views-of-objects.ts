import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readHead } from '../dicom/data-set/read-object.js';
import { chooseViews } from '../dicom/exam/choose-views.js';
import { readView } from '../dicom/exam/read-view.js';
import { openIdentities } from '../dicom/identity/identities.js';
import { type ExamOfObjects, takeInObjects } from '../dicom/intake/take-in-objects.js';
import { policyFor } from '../dicom/policies/policy-table.js';
import { writeGrey16Png } from '../imaging/grey16-png.js';
import { ExamError } from '../pipeline/errors.js';
import { VIEWS, viewFile } from '../pipeline/exam.js';
import { examObject } from '../pipeline/exam-objects.js';
import type { ItemToPut } from '../repos/put-items.js';

/** A study on local disk, and what it would be as an exam. */
export interface StudyOnDisk {
  /** `study-1` and so on: its pseudonym is made where it is put. */
  readonly exam: string;
  /** Why it would be no exam. */
  readonly reason?: string;
  /** Makes its four views, by the build's policies for devices. @throws ExamError where one cannot be read. */
  views?(): Promise<{ readonly item: ItemToPut; readonly remarks: readonly string[] }>;
}

/**
 * Groups DICOM files into studies as putting them would, without a key and without a trace: what is written lies in a folder
 * of the caller.
 */
export async function studiesOnDisk(
  files: readonly string[],
  folder: string,
): Promise<{ readonly studies: readonly StudyOnDisk[]; readonly leftOut: ReadonlyMap<string, string> }> {
  const own = await openIdentities({ keyFile: join(folder, 'key'), folder: join(folder, 'identities') });
  const numbers = new Map<string, number>();
  const number = (study: string): string => {
    if (!numbers.has(study)) numbers.set(study, numbers.size + 1);
    return `study-${numbers.get(study)}`;
  };
  const identities = { ...own, pseudonyms: { ...own.pseudonyms, exam: number } };
  const { exams, refused, leftOut } = await takeInObjects(files, {
    identities,
    folder: join(folder, 'objects'),
    committed: async () => ({ files: [] }),
    mayReplace: true,
  });
  return {
    leftOut,
    studies: [
      ...refused,
      ...exams.map((exam) => ({ exam: exam.exam, views: () => viewsOf(exam, join(folder, 'views', exam.exam)) })),
    ].sort((a, b) => a.exam.localeCompare(b.exam, 'en', { numeric: true })),
  };
}

async function viewsOf({ exam, files }: ExamOfObjects, folder: string) {
  const candidates = await Promise.all(
    files.map(async ({ path, local }) => ({ instance: path, object: await readHead(local, `The object ${path}`) })),
  );
  const { chosen } = chooseViews(candidates, { implantDisplaced: false, generated: false });
  const made: ItemToPut['files'][number][] = [];
  const remarks = new Set<string>();
  await mkdir(folder, { recursive: true });
  for (const view of VIEWS) {
    const path = chosen[view];
    const object = path === undefined ? undefined : examObject(path);
    const local = files.find((file) => file.path === path)?.local;
    if (object === undefined || local === undefined) {
      throw new ExamError('invalid-exam', `${exam} has no image for ${view} that is taken by itself.`, undefined, view);
    }
    const { policy, unknown } = policyFor(object.device);
    if (unknown === true)
      remarks.add(`The device ${object.device} is in no policy; its pixels are taken as those of most devices are.`);
    const { image } = await readView(local, view, policy, `${view}'s object`);
    const png = join(folder, viewFile(view));
    await writeFile(png, await writeGrey16Png(image));
    made.push({ path: viewFile(view), local: png });
  }
  return { item: { name: exam, files: made }, remarks: [...remarks] };
}
