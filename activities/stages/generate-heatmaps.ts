import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readGrey16Png } from '../../imaging/grey16-png.js';
import { MersenneTwister } from '../../imaging/mersenne-twister.js';
import { mirrorColumns } from '../../imaging/orientation.js';
import { PATCH_STRIDE, patchPositions } from '../../imaging/patch-positions.js';
import { standardiseWholeImage } from '../../imaging/standardise.js';
import { PATCH_SIZE } from '../../pipeline/bundle.js';
import { ExamError } from '../../pipeline/errors.js';
import { isMirroredOnDisk, VIEWS, type View, viewFile } from '../../pipeline/exam.js';
import { heatmapFile } from '../../pipeline/heatmaps.js';
import { CROP_FILE, cropDocumentSchema, parseDocument } from '../../pipeline/stage-documents.js';
import { defineStage } from '../stage.js';
import { createPatchClassifier, type PatchView } from './classify-patches.js';
import { startHeatmapWriter } from './heatmap-writer.js';
import { upstreamFile } from './input-files.js';
import { inputModel } from './input-model.js';

/** Bytes of one patch with three float32 channels. */
const PATCH_BYTES = 3 * PATCH_SIZE * PATCH_SIZE * Float32Array.BYTES_PER_ELEMENT;

/** Progress is reported about this often, so that it costs nothing. */
const PATCHES_PER_REPORT = 32;

const parameters = z.strictObject({
  /** Pixels between neighbouring patches, before they are evened out; more than 256 would leave gaps. */
  stride: z.number().int().min(1).max(PATCH_SIZE).default(PATCH_STRIDE),
  /** Of Python's `random`, which spreads the strides that cannot be equal. */
  seed: z.number().int().min(0).max(0xffffffff).default(0),
});

/**
 * Slides the patch network over each cropped view and averages, per pixel, the probabilities of a benign and of a
 * malignant lesion (PIPELINE.md 4). Writes `<view>.npz` with float32 `benign` and `malignant` in disk orientation.
 */
export const generateHeatmaps = defineStage({
  name: 'generate_heatmaps',
  version: '1',
  resource: 'gpu',
  upstream: ['crop'],
  modelRoles: ['patch'],
  parameters,
  async run(inputs, { stride, seed }, { outputFolder, signal, progress, inference }) {
    const cropText = await readFile(upstreamFile(inputs, 'crop', CROP_FILE), 'utf8');
    const { horizontal_flip: horizontalFlip } = parseDocument(cropDocumentSchema, cropText, CROP_FILE);
    const model = inputModel(inputs, 'patch');
    // The network takes a second to open, and the first view to read: both at the same time.
    inference.prepare(model, PATCH_BYTES * inference.patchBatch);
    const random = MersenneTwister.python(seed);
    // A failure in one view must stop the batches of the others that are queued behind it.
    const failure = new AbortController();
    const stop = AbortSignal.any([signal, failure.signal]);
    const classifier = createPatchClassifier(inference, model, stop);
    const writer = startHeatmapWriter();

    const read = async (view: View): Promise<PatchView> => {
      const path = upstreamFile(inputs, 'crop', viewFile(view));
      const onDisk = await readGrey16Png(path, { exam: inputs.exam, view });
      if (onDisk.rows < PATCH_SIZE || onDisk.columns < PATCH_SIZE) {
        throw new ExamError(
          'view-too-small',
          `The cropped view ${view} of exam ${inputs.exam} has ${onDisk.columns} × ${onDisk.rows} pixels, ` +
            `but a patch needs ${PATCH_SIZE} × ${PATCH_SIZE}.`,
          'Look at the image: the crop may have kept only a fragment of the breast.',
          view,
        );
      }
      const image = isMirroredOnDisk(view, horizontalFlip) ? mirrorColumns(onDisk) : onDisk;
      // The random stream runs over the views in order, so they are read one after another.
      const positions = patchPositions(image.rows, image.columns, random, stride);
      return { image, positions, standardised: standardiseWholeImage(image.pixels) };
    };

    const generate = async (view: View, patches: PatchView): Promise<void> => {
      let reported = 0;
      const probabilities = await classifier.classify(patches, (done, total) => {
        if (done < total && done - reported < PATCHES_PER_REPORT) return;
        reported = done;
        progress({ step: view, done, total });
      });
      await writer.write({
        path: join(outputFolder, heatmapFile(view)),
        rows: patches.image.rows,
        columns: patches.image.columns,
        positions: patches.positions,
        probabilities,
        mirrored: isMirroredOnDisk(view, horizontalFlip),
      });
    };

    const generated: Promise<void>[] = [];
    try {
      for (const [index, view] of VIEWS.entries()) {
        stop.throwIfAborted();
        const patches = await read(view);
        // One view ahead of the one before is enough to keep the lanes busy.
        if (index >= 2) await generated[index - 2];
        const running = generate(view, patches);
        running.catch((error) => failure.abort(error));
        generated.push(running);
      }
      await Promise.all(generated);
    } catch (error) {
      failure.abort(error);
      await Promise.allSettled(generated);
      throw error;
    } finally {
      await writer.close();
    }
    return {
      files: VIEWS.map(heatmapFile),
      provenance: { executionProvider: inference.executionProvider, patchBatch: inference.patchBatch },
    };
  },
});
