import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewElement } from '../../../dicom/data-set/write-object.js';
import { readGrey16Png } from '../../../imaging/grey16-png.js';
import type { Grey16Image } from '../../../imaging/planes.js';
import {
  DEVICE_IMITATIONS,
  type DeviceImitation,
  type ImitatedStudy,
  imitateDevice,
} from '../../../models/phantom/imitate-device.js';
import { VIEWS, type View, viewFile } from '../../../pipeline/exam.js';
import { drawSampleExam } from '../draw-exam.js';

/** The views of the sample exam of a seed with the range of a detector of 12 bits, as pictures of 16 bits have it. */
export async function sampleViews(seed: number): Promise<Record<View, Grey16Image>> {
  const folder = await mkdtemp(join(tmpdir(), 'mammoflow-sample-'));
  try {
    await drawSampleExam(folder, seed);
    const views: Partial<Record<View, Grey16Image>> = {};
    for (const view of VIEWS) {
      const { pixels, ...size } = await readGrey16Png(await readFile(join(folder, viewFile(view))));
      views[view] = { ...size, pixels: pixels.map((value) => Math.round((value * 65535) / 4095)) };
    }
    return views as Record<View, Grey16Image>;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What every object of a study says of its patient: all of it must never be seen again. */
export const PLANTED = {
  patientId: 'MRN-7731942',
  patientName: 'Zyxwvut^Quintessa^Marigold',
  birthDate: '19570313',
  accession: 'ACC-55501',
  date: '20240229',
} as const;

export const studyOf = (number: number, view: View, more: Partial<ImitatedStudy> = {}): ImitatedStudy => ({
  ...PLANTED,
  studyInstance: `1.2.840.99999.${number}`,
  seriesInstance: `1.2.840.99999.${number}.1`,
  sopInstance: `1.2.840.99999.${number}.1.${VIEWS.indexOf(view) + 1}`,
  instanceNumber: VIEWS.indexOf(view) + 1,
  ...more,
});

/** Writes the four objects of a study into a folder, as `IM0001` and so on. */
export async function drawObjects(
  folder: string,
  views: Readonly<Record<View, Grey16Image>>,
  {
    device = DEVICE_IMITATIONS.hologic as DeviceImitation,
    number = 1,
    study = {},
    more = [],
  }: {
    readonly device?: DeviceImitation;
    readonly number?: number;
    readonly study?: Partial<ImitatedStudy>;
    readonly more?: readonly NewElement[];
  } = {},
): Promise<Record<View, string>> {
  await mkdir(folder, { recursive: true });
  const paths: Partial<Record<View, string>> = {};
  for (const [index, view] of VIEWS.entries()) {
    const path = join(folder, `IM000${index + 1}`);
    await writeFile(path, imitateDevice(views[view], view, device, studyOf(number, view, study), more));
    paths[view] = path;
  }
  return paths as Record<View, string>;
}
