import { readHeadOfStream } from '../dicom/data-set/read-object.js';
import { text } from '../dicom/data-set/values.js';
import type { CommittedObjects } from '../dicom/intake/take-in-objects.js';
import type { TreeRoot } from '../pipeline/commit.js';
import { ExamError } from '../pipeline/errors.js';
import { examObject } from '../pipeline/exam-objects.js';
import type { Repository } from '../repos/repository.js';

/**
 * The DICOM objects that a commit has of an exam, and the pseudonym of their patient, which the first of them says. None of
 * an exam that is not there, or is a folder of pictures.
 */
export async function committedObjects(
  { store, inputs }: Repository,
  root: TreeRoot,
  exam: string,
): Promise<CommittedObjects> {
  const item = await inputs.get(root, exam);
  const files = (item?.files ?? []).filter(({ path }) => examObject(path) !== undefined);
  const [first] = files;
  const stream = first && (await store.getStream(first.key, first.versionId));
  if (first === undefined || stream === undefined) return { files };
  try {
    const { dataSet } = await readHeadOfStream(stream, first.size, first.path);
    return { files, patient: text(dataSet, 'PatientID') };
  } catch (error) {
    // Damaged since: it is `verify` that tells, and no reason to refuse what comes.
    if (error instanceof ExamError) return { files };
    throw error;
  }
}
