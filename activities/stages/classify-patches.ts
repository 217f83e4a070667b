import pLimit from 'p-limit';
import type { PatchPositions } from '../../imaging/patch-positions.js';
import { patchOrigins } from '../../imaging/patch-positions.js';
import type { Grey16Image } from '../../imaging/planes.js';
import type { InferencePool } from '../../inference/inference-pool.js';
import { PATCH_INPUT, PATCH_OUTPUT } from '../../inference/network-interface.js';
import { PATCH_SIZE } from '../../pipeline/bundle.js';
import { MammoflowError } from '../../pipeline/errors.js';
import type { LocalModel } from '../stage.js';

/** A view ready for the patch network, in training orientation. */
export interface PatchView {
  readonly image: Grey16Image;
  /** `standardiseWholeImage(image.pixels)`. */
  readonly standardised: Float32Array;
  readonly positions: PatchPositions;
}

/** Probabilities by patch, in the order of `patchOrigins`. */
export interface PatchProbabilities {
  readonly benign: Float32Array;
  readonly malignant: Float32Array;
}

export interface PatchClassifier {
  /** Classifies all patches of a view. `onDone` is told how many patches are done and how many there are to do. */
  classify(view: PatchView, onDone: (done: number, total: number) => void): Promise<PatchProbabilities>;
}

/** Batches under way per lane: one that runs and one that is ready when it ends. More would only take memory. */
const BATCHES_PER_LANE = 2;
const PATCH_PIXELS = PATCH_SIZE * PATCH_SIZE;
const CLASSES = 4;

/**
 * The patch network over views (PIPELINE.md 4.3 and 4.4). Several views may be under way: their batches share one
 * queue in the order in which they were asked for, so that no lane idles between two views.
 */
export function createPatchClassifier(pool: InferencePool, model: LocalModel, signal: AbortSignal): PatchClassifier {
  const limit = pLimit(pool.lanes * BATCHES_PER_LANE);
  const channels = model.preprocessing.channels;
  if (typeof channels !== 'number') {
    throw new MammoflowError('invalid-bundle', 'The patch network has the preprocessing of a classifier.');
  }
  return {
    async classify(view, onDone) {
      const origins = [...patchOrigins(view.positions)];
      const benign = new Float32Array(origins.length);
      const malignant = new Float32Array(origins.length);
      // All-background patches of a view are equal, so that one of them stands for all.
      const background = origins.map(([row, column]) => isBackground(view.image, row, column));
      const firstBackground = background.indexOf(true);
      const toRun = origins.flatMap((_, patch) => (background[patch] && patch !== firstBackground ? [] : [patch]));
      let done = 0;
      const runBatch = async (patches: readonly number[]): Promise<void> => {
        signal.throwIfAborted();
        const data = new Float32Array(patches.length * channels * PATCH_PIXELS);
        patches.forEach((patch, slot) => {
          copyPatch(view, origins[patch] as readonly [number, number], data, slot, channels);
        });
        const shape = [patches.length, channels, PATCH_SIZE, PATCH_SIZE];
        const logits = (await pool.run(model, { [PATCH_INPUT]: { data, shape } }))[PATCH_OUTPUT];
        if (logits === undefined || logits.data.length !== CLASSES * patches.length) {
          throw new MammoflowError('inference-failed', `The patch network gave no "${PATCH_OUTPUT}" of [n, 4].`);
        }
        patches.forEach((patch, slot) => {
          const probabilities = softmax(logits.data.subarray(CLASSES * slot, CLASSES * (slot + 1)));
          malignant[patch] = probabilities[0] as number;
          benign[patch] = probabilities[1] as number;
        });
        done += patches.length;
        onDone(done, toRun.length);
      };
      const batches: Promise<void>[] = [];
      for (let first = 0; first < toRun.length; first += pool.patchBatch) {
        batches.push(limit(runBatch, toRun.slice(first, first + pool.patchBatch)));
      }
      await Promise.all(batches);
      background.forEach((isBackgroundPatch, patch) => {
        if (!isBackgroundPatch) return;
        benign[patch] = benign[firstBackground] as number;
        malignant[patch] = malignant[firstBackground] as number;
      });
      return { benign, malignant };
    },
  };
}

function isBackground({ pixels, columns }: Grey16Image, top: number, left: number): boolean {
  for (let row = top; row < top + PATCH_SIZE; row += 1) {
    const end = row * columns + left + PATCH_SIZE;
    for (let index = row * columns + left; index < end; index += 1) if (pixels[index] !== 0) return false;
  }
  return true;
}

/** Copies one patch into slot `slot` of a batch, the same values in every channel. */
function copyPatch(
  { image, standardised }: PatchView,
  [top, left]: readonly [number, number],
  batch: Float32Array,
  slot: number,
  channels: number,
): void {
  const start = slot * channels * PATCH_PIXELS;
  for (let row = 0; row < PATCH_SIZE; row += 1) {
    const source = (top + row) * image.columns + left;
    batch.set(standardised.subarray(source, source + PATCH_SIZE), start + row * PATCH_SIZE);
  }
  for (let channel = 1; channel < channels; channel += 1) {
    batch.copyWithin(start + channel * PATCH_PIXELS, start, start + PATCH_PIXELS);
  }
}

/** Softmax in float32, as the original computes it; shifted by the largest logit so that nothing overflows. */
function softmax(logits: Float32Array): Float32Array {
  const largest = Math.max(...logits);
  const exponentials = logits.map((logit) => Math.exp(logit - largest));
  const sum = exponentials.reduce((total, value) => Math.fround(total + value), 0);
  return exponentials.map((value) => value / sum);
}
