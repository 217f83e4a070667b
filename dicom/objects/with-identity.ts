import { MammoflowError } from '../../pipeline/errors.js';
import { VIEWS } from '../../pipeline/exam.js';
import { shiftedDate } from '../deidentify/pseudonyms.js';
import type { Identities, Identity } from '../identity/identities.js';
import { type ExamResult, examResultSchema } from './exam-result.js';

/**
 * A result under the patient, the study and the images that its exam came from: UIDs, dates and names as they were before
 * identity was taken away, so that it goes back to the right study.
 *
 * @throws MammoflowError `not-found` where the map does not have one of the images; `invalid-argument` where what it says of
 *   the patient cannot be written as DICOM
 */
export function withIdentity(result: ExamResult, identity: Identity, { pseudonyms }: Identities): ExamResult {
  const { patientId, issuer } = identity;
  const daysBack = pseudonyms.daysBack(patientId, issuer);
  const uidBefore = (uid: string): string => {
    const before = identity.uids[uid];
    if (before !== undefined) return before;
    throw new MammoflowError(
      'not-found',
      `The re-identification map does not have all images of exam ${result.exam}.`,
      'Export where all of them were put, or with pseudonyms.',
    );
  };
  const dateBefore = (date: string | undefined): string | undefined => date && shiftedDate(date, -daysBack);
  const views = Object.fromEntries(
    VIEWS.map((view) => {
      const { source, ...turned } = result.views[view];
      const before = {
        ...source,
        sopInstanceUid: uidBefore(source.sopInstanceUid),
        seriesInstanceUid: uidBefore(source.seriesInstanceUid),
        contentDate: dateBefore(source.contentDate),
      };
      return [view, { ...turned, source: before }];
    }),
  );
  const { accessionNumber: _, ...study } = result.study;
  const known = {
    ...result,
    patient: {
      name: identity.patientName ?? '',
      id: patientId,
      ...(issuer !== undefined && { issuer }),
      ...(/^\d{8}$/.test(identity.birthDate ?? '') && { birthDate: identity.birthDate }),
      ...(/^[MFO]$/.test(identity.sex ?? '') && { sex: identity.sex }),
    },
    study: {
      ...study,
      studyInstanceUid: identity.study,
      date: dateBefore(study.date),
      ...(identity.accession !== undefined && { accessionNumber: identity.accession }),
      ...(identity.studyId !== undefined && { id: identity.studyId }),
      ...(identity.referringPhysician !== undefined && { referringPhysicianName: identity.referringPhysician }),
    },
    views,
  };
  const checked = examResultSchema.safeParse(known);
  if (checked.success) return checked.data;
  // Where, and not what: a value here is whose the exam is.
  const place = checked.error.issues[0]?.path.join('.');
  throw new MammoflowError(
    'invalid-argument',
    `What is known of the patient of exam ${result.exam} cannot be written as DICOM (${place}).`,
    'Correct it at its source and put the study again.',
  );
}
