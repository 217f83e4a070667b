import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { cutOut, locateBreast } from '../../imaging/crop-view.js';
import { readExamList } from '../../imaging/exam-list-pickle.js';
import { readGrey16Png, writeGrey16Png } from '../../imaging/grey16-png.js';
import { addResearchNotice } from '../../imaging/png-text.js';
import { PATCH_SIZE } from '../../pipeline/bundle.js';
import { ExamError } from '../../pipeline/errors.js';
import {
  EXAM_LIST_FILE,
  type HorizontalFlip,
  isMirroredOnDisk,
  VIEWS,
  type View,
  viewFile,
} from '../../pipeline/exam.js';
import { RESEARCH_USE_ONLY } from '../../pipeline/predictions.js';
import { CROP_FILE, type CropDocument, type CropViewDocument, documentBytes } from '../../pipeline/stage-documents.js';
import { defineStage, type StageInputs } from '../stage.js';
import { examView } from './input-files.js';

const parametersSchema = z.strictObject({
  /** How often the mask of the view is eroded and dilated to separate the breast from lines and labels. */
  iterations: z.number().int().min(1).max(1000).default(100),
  /** Pixels kept around the breast, except towards the chest wall. */
  buffer: z.number().int().min(0).max(1000).default(50),
});

/**
 * Cuts each view down to the breast (PIPELINE.md 2). Writes `<VIEW>.png`, 16-bit, pixels and orientation as they came,
 * and `crop.json` with where the crop lies and where the breast ends in it.
 */
export const crop = defineStage({
  name: 'crop',
  version: '1',
  resource: 'cpu',
  upstream: ['exams'],
  modelRoles: [],
  parameters: parametersSchema,
  async run(inputs, parameters, context) {
    const horizontalFlip = await readHorizontalFlip(inputs);
    const documents: Partial<Record<View, CropViewDocument>> = {};
    for (const [done, view] of VIEWS.entries()) {
      context.signal.throwIfAborted();
      context.progress({ step: view, done, total: VIEWS.length });
      const { png, document } = await cropOne(inputs, view, horizontalFlip, parameters);
      await writeFile(join(context.outputFolder, viewFile(view)), png);
      documents[view] = document;
    }
    const document: CropDocument = {
      schemaVersion: 1,
      exam: inputs.exam,
      notice: RESEARCH_USE_ONLY,
      horizontal_flip: horizontalFlip,
      views: documents as Record<View, CropViewDocument>,
    };
    await writeFile(join(context.outputFolder, CROP_FILE), documentBytes(document));
    return { files: [...VIEWS.map(viewFile), CROP_FILE] };
  },
});

/** `NO` where the exam has no list. */
async function readHorizontalFlip(inputs: StageInputs): Promise<HorizontalFlip> {
  const path = inputs.files.exams?.[EXAM_LIST_FILE];
  return path === undefined ? 'NO' : readExamList(await readFile(path), inputs.exam).horizontalFlip;
}

async function cropOne(
  inputs: StageInputs,
  view: View,
  horizontalFlip: HorizontalFlip,
  parameters: z.infer<typeof parametersSchema>,
): Promise<{ png: Buffer; document: CropViewDocument }> {
  const image = await readGrey16Png(examView(inputs, view), { exam: inputs.exam, view });
  const pointingSide = isMirroredOnDisk(view, horizontalFlip) ? 'left' : 'right';
  const location = locateBreast(image, pointingSide, parameters);
  if (location === undefined) {
    throw new ExamError(
      'breast-not-found',
      `No breast was found in ${view} of exam ${inputs.exam}: nothing brighter than the background is wide enough.`,
      'Check that the picture is a mammogram with a background of exactly 0.',
      view,
    );
  }
  const { window } = location;
  const cropped = cutOut(image, window);
  if (Math.min(cropped.rows, cropped.columns) < PATCH_SIZE) {
    throw new ExamError(
      'view-too-small',
      `The breast in ${view} of exam ${inputs.exam} takes ${cropped.columns} × ${cropped.rows} pixels, ` +
        `fewer than the ${PATCH_SIZE} a side that the networks need.`,
      'Export the view at its full resolution.',
      view,
    );
  }
  return {
    png: addResearchNotice(await writeGrey16Png(cropped)),
    document: {
      source_shape: [image.rows, image.columns],
      shape: [cropped.rows, cropped.columns],
      window_location: [window.top, window.bottom, window.left, window.right],
      rightmost_points: [[...location.rightmostPoints[0]], location.rightmostPoints[1]],
      bottommost_points: [location.bottommostPoints[0], [...location.bottommostPoints[1]]],
      distance_from_starting_side: location.distanceFromStartingSide,
    },
  };
}
