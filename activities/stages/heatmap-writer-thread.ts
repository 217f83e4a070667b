import { writeFile } from 'node:fs/promises';
import { averagePatches } from '../../imaging/average-patches.js';
import { writeNpz } from '../../imaging/npz.js';
import { mirrorColumns } from '../../imaging/orientation.js';
import type { PatchPositions } from '../../imaging/patch-positions.js';
import type { FloatPlane } from '../../imaging/planes.js';
import type { PatchProbabilities } from './classify-patches.js';

export interface HeatmapTask {
  readonly path: string;
  /** Rows and columns of the view, and its patches, in training orientation. */
  readonly rows: number;
  readonly columns: number;
  readonly positions: PatchPositions;
  readonly probabilities: PatchProbabilities;
  /** Whether the view on disk is the mirror image. */
  readonly mirrored: boolean;
}

/** Averages one view's probabilities to heatmaps in disk orientation and writes them. Run by `heatmap-writer.ts`. */
export async function writeHeatmap({ path, positions, probabilities, mirrored, ...shape }: HeatmapTask): Promise<void> {
  const heatmap = (values: Float32Array): FloatPlane => {
    const plane = averagePatches(shape, positions, values);
    return mirrored ? mirrorColumns(plane) : plane;
  };
  const planes = { benign: heatmap(probabilities.benign), malignant: heatmap(probabilities.malignant) };
  await writeFile(path, writeNpz(planes));
}
