import { setImmediate } from 'node:timers/promises';
import { type AugmentationWindow, augmentationWindow } from '../../imaging/augmentation-window.js';
import type { ResizablePlane } from '../../imaging/bicubic.js';
import { MersenneTwister } from '../../imaging/mersenne-twister.js';
import { standardiseWindow } from '../../imaging/standardise.js';
import { takeWindow } from '../../imaging/take-window.js';
import type { FloatTensor } from '../../inference/inference-pool.js';
import { CLASSIFIER_OUTPUTS, classifierInput } from '../../inference/network-interface.js';
import { WINDOW_SIZE } from '../../pipeline/bundle.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { VIEWS, type View, viewPositionOf } from '../../pipeline/exam.js';
import { LABELS, VARIANTS, type Variant } from '../../pipeline/predictions.js';
import type { LocalModel, StageContext } from '../stage.js';

/** One view in training orientation. */
export interface ClassifierView {
  readonly bestCenter: readonly [y: number, x: number];
  readonly planes: Readonly<Record<'image' | 'benign' | 'malignant', ResizablePlane>>;
}

export interface PassSettings {
  readonly passes: number;
  readonly seed: number;
  readonly cropNoise: number;
  readonly sizeNoise: number;
}

/** One pass's probability of each label, in the order of `LABELS`. */
export type PassProbabilities = readonly number[];

interface PassesRequest extends Pick<StageContext, 'inference' | 'signal' | 'progress'> {
  readonly views: Readonly<Record<View, ClassifierView>>;
  readonly models: Readonly<Record<Variant, LocalModel>>;
  readonly settings: PassSettings;
}

/**
 * Runs both classifiers over all passes (PIPELINE.md 5.1 to 5.5). Each starts its random stream at the seed, hence
 * both see the same windows, and each pass's windows are made once for the two. While networks run, the next pass's
 * windows are made; a pass takes 340 MB, so no more than that waits beside one run per lane.
 */
export async function classifyPasses(request: PassesRequest): Promise<Record<Variant, PassProbabilities[]>> {
  const { views, models, settings, inference, signal, progress } = request;
  const windows = drawWindows(views, settings);
  const results: Record<Variant, PassProbabilities[]> = { image: [], imageheatmaps: [] };
  const total = settings.passes * VARIANTS.length;
  const underWay = new Set<Promise<void>>();
  const memory = reusedArrays();
  let done = 0;

  const start = (variant: Variant, pass: number, inputs: Record<string, FloatTensor>): void => {
    const run = inference.run(models[variant], inputs, memory.giveBack).then((outputs) => {
      results[variant][pass] = probabilitiesOf(outputs);
      done += 1;
      progress({ step: `pass ${pass + 1}, ${variant}`, done, total });
    });
    const settled = run.finally(() => underWay.delete(settled));
    // Awaited below; until then a failure must not count as unhandled.
    settled.catch(() => {});
    underWay.add(settled);
  };

  try {
    for (let pass = 0; pass < settings.passes; pass += 1) {
      while (underWay.size > inference.lanes) await Promise.race(underWay);
      signal.throwIfAborted();
      const inputs: Record<Variant, Record<string, FloatTensor>> = { image: {}, imageheatmaps: {} };
      for (const view of VIEWS) {
        const window = windows[pass]?.[view] as AugmentationWindow;
        const made = viewInputs(views[view], view, window, models, memory.take);
        for (const variant of VARIANTS) inputs[variant][classifierInput(view)] = made[variant];
        // Lets lanes that finished meanwhile be given their next run.
        await setImmediate();
      }
      // The longer run first, so that the last lane to finish finishes early.
      start('imageheatmaps', pass, inputs.imageheatmaps);
      start('image', pass, inputs.image);
    }
    await Promise.all(underWay);
  } finally {
    await Promise.allSettled(underWay);
  }
  return results;
}

/** Draws every pass's windows, view by view, from one stream. An exam has one image a view, whose choice draws nothing. */
function drawWindows(
  views: Readonly<Record<View, ClassifierView>>,
  { passes, seed, cropNoise, sizeNoise }: PassSettings,
): Record<View, AugmentationWindow>[] {
  const random = MersenneTwister.numpy(seed);
  return Array.from({ length: passes }, () => {
    const windows = VIEWS.map((view) => {
      const { bestCenter, planes } = views[view];
      const { rows, columns } = planes.image;
      const viewPosition = viewPositionOf(view);
      return [view, augmentationWindow({ rows, columns, viewPosition, bestCenter, cropNoise, sizeNoise, random })];
    });
    return Object.fromEntries(windows) as Record<View, AugmentationWindow>;
  });
}

interface ReusedArrays {
  /** An array of that length, with whatever values. */
  take(length: number): Float32Array;
  giveBack(tensors: Readonly<Record<string, FloatTensor>>): void;
}

/** Arrays for tensors, each used again when its run has ended: there are as many as runs that wait or go on. */
function reusedArrays(): ReusedArrays {
  const free = new Map<number, Float32Array[]>();
  return {
    take: (length) => free.get(length)?.pop() ?? new Float32Array(length),
    giveBack: (tensors) => {
      for (const { data } of Object.values(tensors)) free.set(data.length, [...(free.get(data.length) ?? []), data]);
    },
  };
}

/** One view's input to each network, `[1, channels, rows, columns]`. */
function viewInputs(
  { planes }: ClassifierView,
  view: View,
  window: AugmentationWindow,
  models: Readonly<Record<Variant, LocalModel>>,
  takeArray: ReusedArrays['take'],
): Record<Variant, FloatTensor> {
  const size = WINDOW_SIZE[viewPositionOf(view)];
  const ends = new Int32Array(size[0]);
  const image = takeWindow(planes.image, window, size, takeArray(size[0] * size[1]), ends);
  standardiseWindow(image, ends);
  const made = VARIANTS.map((variant): [Variant, FloatTensor] => {
    const { channels } = models[variant].preprocessing;
    if (typeof channels === 'number') {
      throw new MammoflowError('invalid-bundle', `The ${variant} network has the preprocessing of the patch network.`);
    }
    // Taken as it is once; the other variant copies it, since both are given away when their runs start.
    if (variant === 'image' && channels.length === 1) return [variant, { data: image, shape: [1, 1, ...size] }];
    const pixels = image.length;
    const data = takeArray(channels.length * pixels);
    channels.forEach((channel, index) => {
      const target = data.subarray(index * pixels, (index + 1) * pixels);
      if (channel === 'image') target.set(image);
      else takeWindow(planes[channel], window, size, target);
    });
    return [variant, { data, shape: [1, channels.length, ...size] }];
  });
  return Object.fromEntries(made) as Record<Variant, FloatTensor>;
}

/** The mean of both heads' probabilities that a label is positive, per label. */
function probabilitiesOf(outputs: Readonly<Record<string, FloatTensor>>): PassProbabilities {
  const heads = CLASSIFIER_OUTPUTS.map((name) => {
    const head = outputs[name]?.data;
    if (head === undefined || head.length !== 2 * LABELS.length) {
      throw new MammoflowError('inference-failed', `A classifier gave no "${name}" of [1, 4, 2].`);
    }
    return LABELS.map((_, row) => Math.fround(Math.exp(head[2 * row + 1] as number)));
  });
  return LABELS.map((_, row) =>
    Math.fround(heads.reduce((sum, head) => sum + (head[row] as number), 0) / heads.length),
  );
}
