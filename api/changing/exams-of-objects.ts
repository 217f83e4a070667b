import { takeInObjects } from '../../dicom/intake/take-in-objects.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { examObject } from '../../pipeline/exam-objects.js';
import { committedObjects } from '../../planning/committed-objects.js';
import { rootOf } from '../../repos/repository.js';
import type { Session } from '../session.js';
import type { ExamFolders } from './exam-folders.js';

/**
 * Makes exams of DICOM files: without identity, in a folder of their own, ready to be put. An exam that is committed keeps
 * its other images, so that a later one completes it or supersedes one of its views.
 *
 * @throws MammoflowError `invalid-configuration` where there is no key for pseudonyms.
 */
export async function examsOfObjects(
  { repository, identities }: Session,
  files: readonly string[],
  branch: string,
  folder: string,
): Promise<ExamFolders> {
  if (identities === undefined) {
    throw new MammoflowError(
      'invalid-configuration',
      'DICOM objects cannot be put here, because there is no key for pseudonyms.',
      'Set MAMMOFLOW_PSEUDONYM_KEY_FILE.',
    );
  }
  const root = rootOf(await repository.head(branch), 'exams');
  const intake = await takeInObjects(files, {
    identities: await identities(),
    folder,
    committed: (exam) => committedObjects(repository, root, exam),
    mayReplace: true,
  });
  return {
    exams: intake.exams.map(({ exam, files: objects }) => ({
      name: exam,
      files: objects,
      keeps: (path) => examObject(path) !== undefined,
    })),
    refused: [...intake.refused].sort((a, b) => (a.exam < b.exam ? -1 : 1)),
    leftOut: [...intake.leftOut.keys()].sort(),
    leftOutReasons: Object.fromEntries(intake.leftOut),
    remarks: intake.remarks,
  };
}
