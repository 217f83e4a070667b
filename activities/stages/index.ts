import { MammoflowError } from '../../pipeline/errors.js';
import type { StageDefinition } from '../stage.js';
import { checkQuality } from './check-quality.js';
import { checkResponse } from './check-response.js';
import { classify } from './classify.js';
import { crop } from './crop.js';
import { extractCenters } from './extract-centers.js';
import { generateHeatmaps } from './generate-heatmaps.js';
import { readDicom } from './read-dicom.js';
import { visualizeHeatmaps } from './visualize-heatmaps.js';

/** Every stage there is. A new stage is one file beside this one, and one line here. */
export const stages: readonly StageDefinition[] = [
  readDicom,
  crop,
  extractCenters,
  checkQuality,
  generateHeatmaps,
  checkResponse,
  visualizeHeatmaps,
  classify,
];

/** @throws MammoflowError `stage-unavailable` when this build has no such stage. */
export function stageByName(name: string): StageDefinition {
  const stage = stages.find((candidate) => candidate.name === name);
  if (stage === undefined) {
    throw new MammoflowError(
      'stage-unavailable',
      `This worker's build has no stage ${name}.`,
      'Run a worker that has it.',
    );
  }
  return stage;
}
