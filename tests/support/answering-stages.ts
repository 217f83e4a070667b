import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { defineStage, type StageDefinition, type StageInputs } from '../../activities/stage.js';
import { readGrey16Png } from '../../imaging/grey16-png.js';
import { writeNpz } from '../../imaging/npz.js';
import { ExamError } from '../../pipeline/errors.js';
import { VIEWS, type View, viewFile } from '../../pipeline/exam.js';
import { READ_STAGE } from '../../pipeline/exam-objects.js';
import { heatmapFile } from '../../pipeline/heatmaps.js';
import { LABELS, PREDICTIONS_JSON, RESEARCH_USE_ONLY } from '../../pipeline/predictions.js';
import { CROP_FILE, type CropViewDocument, documentBytes } from '../../pipeline/stage-documents.js';

/*
 * Stages that write what the real ones of these names do, of pictures of a few pixels and without networks:
 *
 *   exams ─► crop ─► generate_heatmaps ─► classify
 */

const shapeOf = async (inputs: StageInputs, repo: string, view: View): Promise<[number, number]> => {
  const { rows, columns } = await readGrey16Png(await readFile(inputs.files[repo]?.[viewFile(view)] as string));
  return [rows, columns];
};

/** Cuts nothing off. */
const crop = defineStage({
  name: 'crop',
  version: '1',
  resource: 'cpu',
  upstream: ['exams'],
  modelRoles: [],
  parameters: z.strictObject({}),
  async run(inputs, _, { outputFolder }) {
    const from = inputs.files[READ_STAGE] === undefined ? 'exams' : READ_STAGE;
    const views: Partial<Record<View, CropViewDocument>> = {};
    for (const view of VIEWS) {
      const [rows, columns] = await shapeOf(inputs, from, view);
      await writeFile(
        join(outputFolder, viewFile(view)),
        await readFile(inputs.files[from]?.[viewFile(view)] as string),
      );
      views[view] = {
        source_shape: [rows, columns],
        shape: [rows, columns],
        window_location: [0, rows, 0, columns],
        rightmost_points: [[2, 3], columns - 1],
        bottommost_points: [rows - 1, [0, columns - 1]],
        distance_from_starting_side: 0,
      };
    }
    const document = {
      schemaVersion: 1,
      exam: inputs.exam,
      notice: RESEARCH_USE_ONLY,
      horizontal_flip: 'NO',
      views: views as Record<View, CropViewDocument>,
    } as const;
    await writeFile(join(outputFolder, CROP_FILE), documentBytes(document));
    return { files: [...VIEWS.map(viewFile), CROP_FILE] };
  },
});

/** One region of four pixels in every view. */
const heatmaps = defineStage({
  name: 'generate_heatmaps',
  version: '1',
  resource: 'gpu',
  upstream: ['crop'],
  modelRoles: ['patch'],
  parameters: z.strictObject({ probability: z.number().default(0.75) }),
  async run(inputs, { probability }, { outputFolder }) {
    for (const view of VIEWS) {
      const [rows, columns] = await shapeOf(inputs, 'crop', view);
      const plane = (value: number) => {
        const pixels = new Float32Array(rows * columns).fill(0.01);
        for (const at of [columns + 1, columns + 2, 2 * columns + 1, 2 * columns + 2]) pixels[at] = value;
        return { rows, columns, pixels };
      };
      const planes = { benign: plane(0.25), malignant: plane(probability) };
      await writeFile(join(outputFolder, heatmapFile(view)), writeNpz(planes));
    }
    return { files: VIEWS.map(heatmapFile) };
  },
});

const classify = defineStage({
  name: 'classify',
  version: '1',
  resource: 'gpu',
  upstream: ['crop', 'generate_heatmaps'],
  modelRoles: ['patch'],
  parameters: z.strictObject({ malignant: z.number().default(0.5), fails: z.boolean().default(false) }),
  async run({ exam }, { malignant, fails }, { outputFolder }) {
    if (fails) throw new ExamError('invalid-exam', `The classifiers will not have exam ${exam}.`, 'Look at it.');
    const numbers = Object.fromEntries(LABELS.map((label) => [label, label.endsWith('malignant') ? malignant : 0.125]));
    const document = { exam, image: numbers, imageheatmaps: numbers };
    await writeFile(join(outputFolder, PREDICTIONS_JSON), JSON.stringify(document));
    return { files: [PREDICTIONS_JSON] };
  },
});

export const ANSWERING_STAGES: readonly StageDefinition[] = [crop, heatmaps, classify];
