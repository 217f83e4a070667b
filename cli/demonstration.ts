import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mammoflow, PutOptions, PutOutcome } from '../index.js';
import { drawExams } from '../models/phantom/draw-exams.js';
import type { Mix } from '../models/phantom/mix.js';
import { readTruth, type Truth } from '../models/phantom/truth.js';
import { progressLine } from './job-output.js';

/**
 * The six exams that show what the system does when there are none of the user's own. The seed lies far from those the
 * default model is trained and evaluated on (docs/phantom.md); it is the first of its range whose exams have all four
 * densities, and each kind of lesion once, benign and malignant in both breasts.
 */
export const DEMONSTRATION = {
  seed: 900_219,
  exams: 6,
  mix: { normal: 2, benign: 2, malignant: 2, both: 0 } satisfies Mix,
} as const;

const folderOf = (dataFolder: string): string => join(dataFolder, 'phantoms');

/** Draws the demonstration's exams and puts them. What they show stays in the data folder. */
export async function putDemonstration(
  mammoflow: Mammoflow,
  dataFolder: string,
  settings: Pick<PutOptions, 'branch' | 'process'>,
  signal?: AbortSignal,
): Promise<PutOutcome> {
  const folder = folderOf(dataFolder);
  // None of them is in use, so one drawn by an earlier version is only in the way.
  await rm(folder, { recursive: true, force: true });
  const progress = progressLine();
  const { truth } = await drawExams(folder, {
    ...DEMONSTRATION,
    signal,
    onProgress: (done, all) => progress.show(`${done} of ${all} exams drawn`),
  }).finally(() => progress.clear());
  const folders = truth.exams.map(({ exam }) => join(folder, exam));
  const outcome = await mammoflow.put({
    ...settings,
    repo: 'exams',
    paths: folders,
    message: 'Put six synthetic exams',
  });
  await Promise.all(folders.map((one) => rm(one, { recursive: true, force: true })));
  return outcome;
}

/** What the demonstration's exams show; undefined where none were drawn, or what was written of it cannot be read. */
export const demonstrationTruth = (dataFolder: string): Promise<Truth | undefined> =>
  readTruth(folderOf(dataFolder)).catch(() => undefined);
