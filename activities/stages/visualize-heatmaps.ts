import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { COLOUR_MAP_NAMES, COLOUR_MAPS } from '../../imaging/colour-maps.js';
import { readGrey16Png } from '../../imaging/grey16-png.js';
import { absolutePicture, greyBaseOf, selfScaledPicture } from '../../imaging/heatmap-picture.js';
import { readNpz } from '../../imaging/npz.js';
import { writeRgbPng } from '../../imaging/rgb-png.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { VIEWS, type View, viewFile } from '../../pipeline/exam.js';
import { parseWarningsLabel } from '../../pipeline/quality-report.js';
import { defineStage, type StageContext, type StageInputs } from '../stage.js';
import { upstreamFile } from './input-files.js';

const colourMapName = z.enum(COLOUR_MAP_NAMES);
const opacity = z.number().min(0).max(1);
const parametersSchema = z.strictObject({
  colourMaps: z
    .strictObject({ malignant: colourMapName.default('hot'), benign: colourMapName.default('deepgreen') })
    .prefault({}),
  /** The heatmap's weight in the pictures of one class; the view has the rest. */
  opacity: opacity.default(0.2),
  /** The heatmaps' weight in the pictures on the absolute scale, where most probabilities are low and need more. */
  absoluteOpacity: opacity.default(0.5),
});
type Parameters = z.infer<typeof parametersSchema>;

/**
 * Draws the heatmaps over their views, in disk orientation. Writes, per view, `<VIEW>_benign.png` and
 * `<VIEW>_malignant.png`, each scaled by itself (PIPELINE.md 9), and `<VIEW>_absolute.png` with both on a fixed scale.
 * What the quality checks warn of is in the legend of the latter, and in the metadata of all three.
 */
export const visualizeHeatmaps = defineStage({
  name: 'visualize_heatmaps',
  version: '3',
  resource: 'cpu',
  upstream: ['crop', 'generate_heatmaps'],
  modelRoles: [],
  labels: ['bundle', 'warnings'],
  parameters: parametersSchema,
  async run(inputs, parameters, context) {
    const files: string[] = [];
    for (const [done, view] of VIEWS.entries()) {
      context.signal.throwIfAborted();
      context.progress({ step: view, done, total: VIEWS.length });
      files.push(...(await drawView(view, inputs, parameters, context)));
    }
    return { files };
  },
});

async function drawView(
  view: View,
  inputs: StageInputs,
  { colourMaps, opacity, absoluteOpacity }: Parameters,
  context: StageContext,
): Promise<string[]> {
  const image = await readGrey16Png(upstreamFile(inputs, 'crop', viewFile(view)), { exam: inputs.exam, view });
  const archive = await readFile(upstreamFile(inputs, 'generate_heatmaps', `${view}.npz`));
  const heatmaps = readNpz(archive, ['benign', 'malignant'], `${view}.npz of exam ${inputs.exam}`);
  for (const heatmap of [heatmaps.benign, heatmaps.malignant]) {
    if (heatmap.rows !== image.rows || heatmap.columns !== image.columns) {
      throw new MammoflowError(
        'corrupt-data',
        `The heatmaps of ${view} of exam ${inputs.exam} do not have the shape of the cropped view.`,
      );
    }
  }
  const base = greyBaseOf(image);
  const warnings = parseWarningsLabel(inputs.labels?.warnings)
    .filter((warning) => warning.view === undefined || warning.view === view)
    .map(({ code, message }) => `${code}: ${message}`);
  const files: string[] = [];
  for (const className of ['benign', 'malignant'] as const) {
    const file = `${view}_${className}.png`;
    const picture = selfScaledPicture(base, heatmaps[className], COLOUR_MAPS[colourMaps[className]], opacity);
    // Its pixels are the original's.
    await writeFile(join(context.outputFolder, file), await writeRgbPng(picture, warnings));
    files.push(file);
  }
  const file = `${view}_absolute.png`;
  const picture = absolutePicture({
    title: view,
    origin: [`exam ${inputs.exam}`, `bundle ${inputs.labels?.bundle || 'unknown'}`],
    view: base,
    ...heatmaps,
    malignantMap: COLOUR_MAPS[colourMaps.malignant],
    benignMap: COLOUR_MAPS[colourMaps.benign],
    opacity: absoluteOpacity,
    warnings,
  });
  await writeFile(join(context.outputFolder, file), await writeRgbPng(picture, warnings));
  files.push(file);
  return files;
}
