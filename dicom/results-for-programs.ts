/**
 * Results as DICOM objects, for programs: `import { writeObjects } from 'mammoflow/dicom-objects'`. `export` is the verb
 * that makes them of committed results.
 */
export { MammoflowError } from '../pipeline/errors.js';
export { OBJECT_KINDS, type ObjectKind } from '../pipeline/result-objects.js';
export type { Answer } from './delivery/answer.js';
export type { AssociationDestination } from './delivery/run-dcmtk.js';
export { storeByAssociation } from './delivery/store-by-association.js';
export { storeOverWeb } from './delivery/store-over-web.js';
export type { WebDestination } from './delivery/web-request.js';
export { type ExamResult, examResultSchema, type ResultPixels } from './objects/exam-result.js';
export { pixelsOfFiles } from './objects/pixels-of-files.js';
export { type WriteOptions, type WrittenObject, writeObjects } from './objects/write-objects.js';
