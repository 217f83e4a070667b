import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openPseudonyms } from '../../dicom/deidentify/pseudonyms.js';
import { readGrey16Png } from '../../imaging/grey16-png.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { VIEWS, viewFile } from '../../pipeline/exam.js';
import { cannotWrite } from './cannot-write.js';
import { DEVICE_IMITATIONS, imitateDevice } from './imitate-device.js';

/** Of nothing secret: phantom exams get the same UIDs on every machine. */
const { uid } = openPseudonyms(Buffer.alloc(32, 'mammoflow phantom'));

/** Where the objects of a folder of phantom exams lie, beside the pictures. */
export const OBJECTS_FOLDER = 'dicom';

/**
 * Writes phantom exams as DICOM objects, as a device of a vendor would store them: `dicom/<exam>/IM0001` to `IM0004` in their
 * folder. The same exams give the same bytes.
 *
 * @param device one of `DEVICE_IMITATIONS`.
 * @throws MammoflowError `invalid-argument` for another one, or where the folder cannot be written to.
 */
export async function writeObjects(folder: string, exams: readonly string[], device: string): Promise<void> {
  const imitation = DEVICE_IMITATIONS[device];
  if (imitation === undefined) {
    throw new MammoflowError(
      'invalid-argument',
      `There is no imitation of ${device}.`,
      `Choose ${Object.keys(DEVICE_IMITATIONS).join(', ')}.`,
    );
  }
  for (const exam of exams) {
    const own = join(folder, OBJECTS_FOLDER, exam);
    await mkdir(own, { recursive: true }).catch(cannotWrite);
    for (const [index, view] of VIEWS.entries()) {
      const image = await readGrey16Png(await readFile(join(folder, exam, viewFile(view))), { exam, view });
      const object = imitateDevice(image, view, imitation, {
        patientId: `PHANTOM-${exam}`,
        patientName: `Phantom^${exam}`,
        birthDate: '19600101',
        accession: '',
        date: '20240101',
        studyInstance: uid(`${device} ${exam}`),
        seriesInstance: uid(`${device} ${exam} series`),
        sopInstance: uid(`${device} ${exam} ${view}`),
        instanceNumber: index + 1,
      });
      await writeFile(join(own, `IM000${index + 1}`), object).catch(cannotWrite);
    }
  }
}
