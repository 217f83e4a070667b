import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalModel, StageInputs } from '../../activities/stage.js';
import { createPatchClassifier } from '../../activities/stages/classify-patches.js';
import { crop } from '../../activities/stages/crop.js';
import { extractCenters } from '../../activities/stages/extract-centers.js';
import { averagePatches } from '../../imaging/average-patches.js';
import { cutOut } from '../../imaging/crop-view.js';
import { readGrey16Png } from '../../imaging/grey16-png.js';
import { MersenneTwister } from '../../imaging/mersenne-twister.js';
import { writeNpz } from '../../imaging/npz.js';
import { patchPositions } from '../../imaging/patch-positions.js';
import { standardiseWholeImage } from '../../imaging/standardise.js';
import { sha256OfFile } from '../../inference/bundle.js';
import type { Lanes } from '../../inference/lanes.js';
import type { ModelRole } from '../../pipeline/bundle.js';
import { VIEWS } from '../../pipeline/exam.js';
import { type GoldenArray, greatestDifference, readGoldenNpz } from './golden-npz.js';
import { filesOf, runStageHere } from './stage-run.js';

/** The golden networks: random weights, as NYU's program ran them. */
export async function goldenModels(shared: string): Promise<Record<ModelRole, LocalModel>> {
  const model = async (file: string, preprocessing: LocalModel['preprocessing']): Promise<LocalModel> => {
    const path = join(shared, 'reference', 'onnx', file);
    return { path, sha256: await sha256OfFile(path), preprocessing };
  };
  return {
    patch: await model('patch.onnx', { standardise: 'whole-image', channels: 3 }),
    image: await model('sample_image_model.onnx', { standardise: 'window', channels: ['image'] }),
    imageheatmaps: await model('sample_imageheatmaps_model.onnx', {
      standardise: 'window',
      channels: ['image', 'benign', 'malignant'],
    }),
  };
}

/** Crops a shared exam and finds its centers in `folder`, which gives the inputs of the gpu stages. */
export async function prepareGoldenExam(
  shared: string,
  exam: string,
  folder: string,
  models?: StageInputs['models'],
): Promise<StageInputs> {
  models ??= await goldenModels(shared);
  const exams = await filesOf(join(shared, 'exams', exam));
  await runStageHere(crop, { exam, models, files: { exams } }, join(folder, 'crop'));
  const cropFiles = await filesOf(join(folder, 'crop'));
  await runStageHere(extractCenters, { exam, models, files: { crop: cropFiles } }, join(folder, 'extract_centers'));
  return { exam, models, files: { crop: cropFiles, extract_centers: await filesOf(join(folder, 'extract_centers')) } };
}

/** As `prepareGoldenExam`, with the heatmaps that the original program made. */
export async function withGoldenHeatmaps(
  shared: string,
  exam: string,
  folder: string,
  models?: StageInputs['models'],
): Promise<StageInputs> {
  const inputs = await prepareGoldenExam(shared, exam, folder, models);
  const heatmaps = join(folder, 'generate_heatmaps');
  await mkdir(heatmaps);
  for (const view of VIEWS) {
    const golden = await readGoldenNpz(join(shared, 'reference', 'golden', exam, `heatmaps_${view}.npz`));
    const plane = ({ rows, columns, values }: GoldenArray) => ({ rows, columns, pixels: Float32Array.from(values) });
    const { benign, malignant } = golden as { benign: GoldenArray; malignant: GoldenArray };
    await writeFile(join(heatmaps, `${view}.npz`), writeNpz({ benign: plane(benign), malignant: plane(malignant) }));
  }
  return { ...inputs, files: { ...inputs.files, generate_heatmaps: await filesOf(heatmaps) } };
}

/**
 * The heatmaps of the two small views with a patch network, against those of the original program and of float64.
 * @returns the greatest difference by what was compared.
 */
export async function smallHeatmapDifferences(
  shared: string,
  lanes: Lanes,
  patch: LocalModel,
): Promise<ReadonlyMap<string, number>> {
  const golden = join(shared, 'reference', 'golden');
  const single = JSON.parse(await readFile(join(golden, 'small', 'single_small.json'), 'utf8')) as Record<
    string,
    { window_location: [number, number, number, number]; n_patches: number }
  >;
  const differences = new Map<string, number>();
  for (const view of ['L-CC', 'R-CC']) {
    const expected = single[view];
    assert.ok(expected);
    const [top, bottom, left, right] = expected.window_location;
    const whole = await readGrey16Png(join(golden, 'synthetic', `small_${view}.png`));
    // The single-image program does not mirror the right breast (PIPELINE.md 4.7).
    const image = cutOut(whole, { top, bottom, left, right });
    const positions = patchPositions(image.rows, image.columns, MersenneTwister.python(0));
    const classifier = createPatchClassifier(lanes, patch, new AbortController().signal);
    const standardised = standardiseWholeImage(image.pixels);
    const probabilities = await classifier.classify({ image, standardised, positions }, () => {});
    assert.equal(probabilities.benign.length, expected.n_patches);
    const references = [
      `heatmaps_small_${view}.npz`,
      ...(view === 'L-CC' ? [`small_${view}_float64_reference.npz`] : []),
    ];
    for (const reference of references) {
      const arrays = await readGoldenNpz(join(golden, 'small', reference));
      for (const name of ['benign', 'malignant'] as const) {
        const heatmap = averagePatches(image, positions, probabilities[name]);
        const difference = greatestDifference(heatmap.pixels, arrays[name]?.values ?? []);
        differences.set(`${reference} ${name}`, difference);
      }
    }
  }
  return differences;
}
