import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeGrey16Png } from '../../imaging/grey16-png.js';
import { VIEWS, viewFile } from '../../pipeline/exam.js';
import { cannotWrite } from './cannot-write.js';
import { drawView } from './draw-view.js';
import type { Mix } from './mix.js';
import { planExam } from './plan-exam.js';

/** Which exam to draw, and where: in plain values, so that it can be handed to a thread. */
export interface ExamToDraw {
  /** The folder above the exam's own. */
  readonly folder: string;
  readonly seed: number;
  /** Which exam of the seed, from 1. */
  readonly index: number;
  readonly mix: Mix;
}

/**
 * Draws the four views of an exam into a folder of its name. A view appears under its name only when it is whole.
 * Everything about it follows from seed, index and mix: the same pixels on every machine.
 *
 * @throws MammoflowError `invalid-argument` when the folder cannot be written to.
 */
export async function drawExam({ folder, seed, index, mix }: ExamToDraw): Promise<void> {
  const plan = planExam(seed, index, mix);
  const own = join(folder, plan.exam);
  await mkdir(own, { recursive: true }).catch(cannotWrite);
  for (const view of VIEWS) {
    const path = join(own, viewFile(view));
    await writeFile(`${path}.part`, await writeGrey16Png(drawView(plan, view))).catch(cannotWrite);
    await rename(`${path}.part`, path).catch(cannotWrite);
  }
}
