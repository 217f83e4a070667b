import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalModel, StageDefinition, StageInputs, StageProgress, StageResult } from '../../activities/stage.js';
import type { LocalBundle } from '../../inference/bundle.js';
import type { InferencePool } from '../../inference/inference-pool.js';
import { MODEL_ROLES, type ModelRole } from '../../pipeline/bundle.js';

/** Gives a test a folder of its own that is removed afterwards, whatever the test does. */
export async function withFolder<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'mammoflow-test-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The files of a folder by name, as a stage gets them. */
export async function filesOf(folder: string): Promise<Record<string, string>> {
  return Object.fromEntries((await readdir(folder)).map((name) => [name, join(folder, name)]));
}

/** A bundle's networks as a stage gets them. */
export const modelsOf = ({ bundle, paths }: LocalBundle): Record<ModelRole, LocalModel> =>
  Object.fromEntries(
    MODEL_ROLES.map((role) => [
      role,
      { path: paths[role], sha256: bundle.files[role].sha256, preprocessing: bundle.files[role].preprocessing },
    ]),
  ) as Record<ModelRole, LocalModel>;

const noInference: InferencePool = {
  lanes: 1,
  patchBatch: 1,
  executionProvider: 'none',
  prepare: () => {},
  run: () => Promise.reject(new Error('a cpu stage must not use inference')),
};

/** Runs one stage in this process into `outputFolder`, which is made. */
export async function runStageHere(
  stage: StageDefinition,
  inputs: StageInputs,
  outputFolder: string,
  options: {
    readonly parameters?: object;
    readonly inference?: InferencePool;
    readonly signal?: AbortSignal;
    readonly onProgress?: (progress: StageProgress) => void;
  } = {},
): Promise<StageResult> {
  await mkdir(outputFolder, { recursive: true });
  return stage.run(inputs, stage.parameters.parse(options.parameters ?? {}), {
    outputFolder,
    signal: options.signal ?? new AbortController().signal,
    progress: options.onProgress ?? (() => {}),
    inference: options.inference ?? noInference,
  });
}
