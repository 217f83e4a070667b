import { join } from 'node:path';
import type { LocalModel, StageInputs } from '../../activities/stage.js';
import { crop } from '../../activities/stages/crop.js';
import { extractCenters } from '../../activities/stages/extract-centers.js';
import { sha256OfFile } from '../../inference/bundle.js';
import type { ModelRole } from '../../pipeline/bundle.js';
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
export async function prepareGoldenExam(shared: string, exam: string, folder: string): Promise<StageInputs> {
  const models = await goldenModels(shared);
  const exams = await filesOf(join(shared, 'exams', exam));
  await runStageHere(crop, { exam, models, files: { exams } }, join(folder, 'crop'));
  const cropFiles = await filesOf(join(folder, 'crop'));
  await runStageHere(extractCenters, { exam, models, files: { crop: cropFiles } }, join(folder, 'extract_centers'));
  return { exam, models, files: { crop: cropFiles, extract_centers: await filesOf(join(folder, 'extract_centers')) } };
}
