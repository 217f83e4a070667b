/**
 * Results as DICOM objects, for programs: `import { writeObjects } from 'mammoflow/dicom-objects'`. The verbs of the command
 * do not reach it yet (docs/dicom-objects.md says what is missing).
 */
export { MammoflowError } from '../../pipeline/errors.js';
export { type ExamResult, examResultSchema, type ResultPixels } from './exam-result.js';
export { OBJECT_KINDS, type ObjectKind } from './modules.js';
export { pixelsOfFiles } from './pixels-of-files.js';
export { type WriteOptions, type WrittenObject, writeObjects } from './write-objects.js';
