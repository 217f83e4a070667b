/**
 * Results as DICOM objects, for programs: `import { writeObjects } from 'mammoflow/dicom-objects'`. The verbs of the command
 * do not reach it yet (docs/dicom-objects.md says what is missing).
 */
export { MammoflowError } from '../pipeline/errors.js';
export type { Answer } from './delivery/answer.js';
export { type AssociationDestination, storeByAssociation } from './delivery/store-by-association.js';
export { storeOverWeb, type WebDestination } from './delivery/store-over-web.js';
export { type ExamResult, examResultSchema, type ResultPixels } from './objects/exam-result.js';
export { OBJECT_KINDS, type ObjectKind } from './objects/modules.js';
export { pixelsOfFiles } from './objects/pixels-of-files.js';
export { type WriteOptions, type WrittenObject, writeObjects } from './objects/write-objects.js';
