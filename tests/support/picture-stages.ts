import { stages } from '../../activities/stages/index.js';
import { READ_STAGE } from '../../pipeline/exam-objects.js';

/** The stages that an exam has which is a folder of pictures: all but the one that reads DICOM objects. */
export const pictureStages = stages.filter(({ name }) => name !== READ_STAGE);
