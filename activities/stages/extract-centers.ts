import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { bestCenter } from '../../imaging/best-center.js';
import { readGrey16Png } from '../../imaging/grey16-png.js';
import { mirrorColumns } from '../../imaging/orientation.js';
import { isMirroredOnDisk, VIEWS, type View, viewFile, viewPositionOf } from '../../pipeline/exam.js';
import { RESEARCH_USE_ONLY } from '../../pipeline/predictions.js';
import {
  CENTERS_FILE,
  type CentersDocument,
  CROP_FILE,
  cropDocumentSchema,
  documentBytes,
  parseDocument,
} from '../../pipeline/stage-documents.js';
import { defineStage } from '../stage.js';
import { upstreamFile } from './input-files.js';

const shift = z.number().int().min(-10000).max(10000);
const parametersSchema = z.strictObject({
  /** Rows and columns by which the classifiers' windows are moved from where they were found to be best. */
  offset: z.tuple([shift, shift]).default([0, 0]),
});

/**
 * Finds where the classifiers' window lies best in each cropped view (PIPELINE.md 3). Writes `centers.json`.
 */
export const extractCenters = defineStage({
  name: 'extract_centers',
  version: '1',
  resource: 'cpu',
  upstream: ['crop'],
  modelRoles: [],
  parameters: parametersSchema,
  async run(inputs, { offset }, context) {
    const cropText = await readFile(upstreamFile(inputs, 'crop', CROP_FILE), 'utf8');
    const cropDocument = parseDocument(cropDocumentSchema, cropText, CROP_FILE);
    const centers: Partial<CentersDocument['views']> = {};
    for (const [done, view] of VIEWS.entries()) {
      context.signal.throwIfAborted();
      context.progress({ step: view, done, total: VIEWS.length });
      centers[view] = { best_center: await centerOf(view) };
    }
    const document: CentersDocument = {
      schemaVersion: 1,
      exam: inputs.exam,
      notice: RESEARCH_USE_ONLY,
      views: centers as CentersDocument['views'],
    };
    await writeFile(join(context.outputFolder, CENTERS_FILE), documentBytes(document));
    return { files: [CENTERS_FILE] };

    async function centerOf(view: View): Promise<[number, number]> {
      const image = await readGrey16Png(upstreamFile(inputs, 'crop', viewFile(view)), { exam: inputs.exam, view });
      const mirrored = isMirroredOnDisk(view, cropDocument.horizontal_flip);
      const { rightmost_points: rightmostPoints, bottommost_points: bottommostPoints } = cropDocument.views[view];
      return bestCenter(
        mirrored ? mirrorColumns(image) : image,
        viewPositionOf(view),
        { rightmostPoints, bottommostPoints },
        offset,
      );
    }
  },
});
