import { readHead, readWhole } from '../../dicom/data-set/read-object.js';
import { identityOf } from '../../dicom/image/describe-image.js';
import { ExamError } from '../../pipeline/errors.js';
import { LARGEST_OBJECT } from '../../pipeline/exam-objects.js';
import { sha256File } from '../../repos/hash.js';
import { OBJECTS_FOLDER } from '../../repos/inbox.js';
import type { Session } from '../session.js';

/** What became of a DICOM object that a sender offered. UIDs are those that it came with. */
export type ReceivedObject =
  | {
      readonly outcome: 'stored';
      /** Absent where nobody looked what it is. */
      readonly sopClass?: string;
      readonly sopInstance?: string;
    }
  | {
      readonly outcome: 'refused';
      /** Absent where the object does not say them. */
      readonly sopClass?: string;
      readonly sopInstance?: string;
      readonly why: 'too-large' | 'transfer-syntax' | 'not-understood' | 'another-study';
      /** Says nothing of whose the object is. */
      readonly reason: string;
    };

/**
 * Puts a DICOM object that came over a network into the inbox, from where it is taken in as what any S3 client puts there
 * is. The object's key is a hash of it, so that one that is sent again lies there once.
 *
 * @param options.path the object as a file (PS3.10), which is not needed afterwards.
 * @param options.study the study that the sender says it is of.
 * @param options.cutShort it was larger than is taken, and what is there of it is only good to say what it is.
 * @param options.from `asking`, unless said: the sender waits for the answer. `acknowledged`: the sender was told that it is
 *   stored, so it is, whatever it is. `interrupted`: it may be cut short, and is stored if it is not.
 * @throws MammoflowError `service-unavailable`, or what S3 throws: then the object is not stored.
 * @example
 * const { outcome } = await mammoflow.receiveObject({ path: './IM0001' });
 */
export async function receiveObject(
  { repository: { store } }: Session,
  {
    path,
    study,
    cutShort = false,
    from = 'asking',
  }: { path: string; study?: string; cutShort?: boolean; from?: 'asking' | 'acknowledged' | 'interrupted' },
): Promise<ReceivedObject> {
  const keep = async (): Promise<void> => {
    const { sha256, size } = await sha256File(path);
    const key = `${OBJECTS_FOLDER}received/${sha256}.dcm`;
    await store.put(key, { path, size }, { sha256, contentType: 'application/dicom', ifAbsent: true });
  };
  if (from === 'acknowledged') {
    await keep();
    return { outcome: 'stored' };
  }
  try {
    if (from === 'interrupted') await readWhole(path, 'It');
    const object = await readHead(path, 'It');
    const identity = identityOf(object, 'It');
    const said = { sopClass: identity.SOPClassUID, sopInstance: identity.SOPInstanceUID } as const;
    if (cutShort || object.size > LARGEST_OBJECT) {
      const reason = `It has more than ${LARGEST_OBJECT / 2 ** 20} MiB.`;
      return { outcome: 'refused', ...said, why: 'too-large', reason };
    }
    if (study !== undefined && study !== identity.StudyInstanceUID) {
      return {
        outcome: 'refused',
        ...said,
        why: 'another-study',
        reason: 'It is of another study than it was sent to.',
      };
    }
    await keep();
    return { outcome: 'stored', ...said };
  } catch (error) {
    if (!(error instanceof ExamError)) throw error;
    const why = error.code === 'unsupported-dicom' ? 'transfer-syntax' : 'not-understood';
    return { outcome: 'refused', why, reason: error.sentence };
  }
}
