import type { DicomObject } from '../data-set/read-object.js';
import { itemsOf, text } from '../data-set/values.js';

/** Titles of key object selections that say an image is not to be used (PS3.16, CID 7010 and 7011). */
const REJECTIONS = ['113001', '113037', '113038', '113039'];

/** The SOP instances that a key object selection rejects; none for one of another title. */
export function rejectedBy({ dataSet }: DicomObject): string[] {
  const [title] = itemsOf(dataSet, 'ConceptNameCodeSequence');
  if (title === undefined || !REJECTIONS.includes(text(title, 'CodeValue') ?? '')) return [];
  return itemsOf(dataSet, 'CurrentRequestedProcedureEvidenceSequence')
    .flatMap((study) => itemsOf(study, 'ReferencedSeriesSequence'))
    .flatMap((series) => itemsOf(series, 'ReferencedSOPSequence'))
    .flatMap((instance) => text(instance, 'ReferencedSOPInstanceUID') ?? []);
}
