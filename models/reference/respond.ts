import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalModel, StageDefinition, StageInputs } from '../../activities/stage.js';
import { measureResponse } from '../../activities/stages/check-response.js';
import { crop } from '../../activities/stages/crop.js';
import { generateHeatmaps } from '../../activities/stages/generate-heatmaps.js';
import type { MeasuredResponses } from '../../imaging/quality/model-response.js';
import type { ResponseStatistics } from '../../imaging/quality/response-statistics.js';
import { checkBundle } from '../../inference/bundle.js';
import { startLanes } from '../../inference/lanes.js';
import { VIEWS, type View } from '../../pipeline/exam.js';

/** Has a bundle's patch network answer to exams, by the stages themselves with their default parameters. */
export interface Responder {
  /** SHA-256 of the network. */
  readonly patch: string;
  /**
   * @param files the exam's views, and its list where it has one, as paths by name.
   * @throws ExamError where no heatmaps can be made of it.
   */
  respond(exam: string, files: Readonly<Record<string, string>>): Promise<MeasuredResponses>;
  close(): Promise<void>;
}

/** @throws MammoflowError `invalid-bundle` as `checkBundle` does. */
export async function openResponder(folder: string): Promise<Responder> {
  const { bundle, paths } = await checkBundle(folder);
  const { sha256, preprocessing } = bundle.files.patch;
  const patch: LocalModel = { path: paths.patch, sha256, preprocessing };
  const lanes = startLanes();

  /** Runs a stage on what lies in `files`, and adds what it writes. */
  async function run(stage: StageDefinition, inputs: StageInputs, work: string): Promise<StageInputs> {
    const outputFolder = join(work, stage.name);
    await mkdir(outputFolder);
    const context = { outputFolder, signal: new AbortController().signal, progress: () => {}, inference: lanes };
    await stage.run(inputs, stage.parameters.parse({}), context);
    const written = (await readdir(outputFolder)).map((name) => [name, join(outputFolder, name)]);
    return { ...inputs, files: { ...inputs.files, [stage.name]: Object.fromEntries(written) } };
  }

  return {
    patch: sha256,
    async respond(exam, files) {
      const work = await mkdtemp(join(tmpdir(), 'mammoflow-reference-'));
      try {
        const cropped = await run(crop, { exam, files: { exams: files }, models: { patch } }, work);
        const inputs = await run(generateHeatmaps, cropped, work);
        const measured: Partial<Record<View, ResponseStatistics>> = {};
        for (const view of VIEWS) {
          const found = await measureResponse(inputs, view);
          if (found !== undefined) measured[view] = found;
        }
        return measured;
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    },
    close: () => lanes.close(),
  };
}
