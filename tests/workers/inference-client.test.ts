import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { StageInputs, StageProgress } from '../../activities/stage.js';
import { readBundle } from '../../inference/bundle.js';
import { ExamError, MammoflowError } from '../../pipeline/errors.js';
import { predictionsSchema } from '../../pipeline/predictions.js';
import { createInferenceClient, type InferenceClient } from '../../workers/inference-client.js';
import type { MessageFromInferenceProcess } from '../../workers/inference-messages.js';
import { repositoryRoot } from '../support/shared.js';
import { filesOf, modelsOf, withFolder } from '../support/stage-run.js';
import { syntheticCrop } from '../support/synthetic-crop.js';

const log = { info: () => {}, warn: () => {} };
const never = new AbortController().signal;
const PLACEHOLDER = join(repositoryRoot, 'models', 'placeholder', 'bundle');
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('the inference process', () => {
  let client: InferenceClient;
  beforeEach(() => {
    client = createInferenceClient({ log });
  });
  afterEach(() => client.close());

  const inputsIn = async (folder: string, rows = 600, columns = 400): Promise<StageInputs> => {
    const crop = await syntheticCrop(join(folder, 'crop'), rows, columns);
    await mkdir(join(folder, 'out'));
    return {
      exam: 'synthetic',
      models: modelsOf(await readBundle(PLACEHOLDER)),
      files: { crop, extract_centers: crop },
    };
  };
  const heatmapRequest = (inputs: StageInputs, folder: string, parameters = {}) => ({
    stage: 'generate_heatmaps',
    inputs: { ...inputs, models: { patch: inputs.models.patch } as StageInputs['models'] },
    parameters,
    outputFolder: join(folder, 'out'),
  });
  /** Enough patches to be busy for many seconds. */
  const LONG = { stride: 8 };

  it('runs both gpu stages one after the other in one process and reports progress, memory and provenance', async () => {
    await withFolder(async (folder) => {
      const inputs = await inputsIn(folder);
      const reports: StageProgress[] = [];
      const options = { signal: never, onProgress: (report: StageProgress) => void reports.push(report) };
      const heatmaps = await client.runStage(heatmapRequest(inputs, folder), options);
      const pid = client.processId();
      assert.deepEqual(heatmaps.files, ['L_CC.npz', 'R_CC.npz', 'L_MLO.npz', 'R_MLO.npz']);
      assert.equal(heatmaps.provenance.executionProvider, 'cpu');
      assert.ok(reports.some(({ step, done, total }) => step === 'R_MLO' && done === total));
      const outputFolder = join(folder, 'classify');
      await mkdir(outputFolder);
      const { image, imageheatmaps } = inputs.models;
      const files = { ...inputs.files, generate_heatmaps: await filesOf(join(folder, 'out')) };
      const classified = await client.runStage(
        {
          stage: 'classify',
          inputs: { exam: inputs.exam, files, models: { image, imageheatmaps } as StageInputs['models'] },
          parameters: { passes: 2 },
          outputFolder,
        },
        options,
      );
      assert.equal(client.processId(), pid);
      assert.ok(client.memory() > 50e6);
      const { image: first, imageheatmaps: second } = predictionsSchema.parse(classified.summary);
      assert.notDeepEqual(first, second);
      assert.deepEqual(Object.keys(await filesOf(outputFolder)).sort(), ['predictions.csv', 'predictions.json']);
    });
  });

  it('keeps class, code, advice and view of an error', async () => {
    await withFolder(async (folder) => {
      const inputs = await inputsIn(folder, 300, 200);
      await assert.rejects(
        client.runStage(heatmapRequest(inputs, folder), { signal: never, onProgress: () => {} }),
        (error) =>
          error instanceof ExamError &&
          error.code === 'view-too-small' &&
          error.view === 'L_CC' &&
          error.next !== undefined,
      );
      await assert.rejects(
        client.runStage(heatmapRequest(inputs, folder, { stride: 0 }), { signal: never, onProgress: () => {} }),
        (error) =>
          error instanceof MammoflowError && !(error instanceof ExamError) && error.code === 'invalid-argument',
      );
    });
  });

  it('tells a process that was killed under a run from one that crashed, and runs the next one in a new process', async () => {
    await withFolder(async (folder) => {
      const inputs = await inputsIn(folder);
      let killed: number | undefined;
      for (const [signal, code] of [
        ['SIGKILL', 'worker-killed'],
        ['SIGSEGV', 'worker-crashed'],
      ] as const) {
        killed = undefined;
        const run = client.runStage(heatmapRequest(inputs, folder, LONG), {
          signal: never,
          onProgress: () => {
            killed ??= client.processId();
            process.kill(killed as number, signal);
          },
        });
        await assert.rejects(run, (error) => error instanceof MammoflowError && error.code === code);
      }
      const again = await client.runStage(heatmapRequest(inputs, folder), { signal: never, onProgress: () => {} });
      assert.equal(again.files.length, 4);
      assert.notEqual(client.processId(), killed);
    });
  });

  it('stops a run that is aborted, with the reason given, and goes on in the same process', async () => {
    await withFolder(async (folder) => {
      const inputs = await inputsIn(folder);
      const controller = new AbortController();
      const reason = new Error('cancelled by the test');
      const run = client.runStage(heatmapRequest(inputs, folder, LONG), {
        signal: controller.signal,
        onProgress: () => controller.abort(reason),
      });
      await assert.rejects(run, reason);
      const pid = client.processId();
      await client.runStage(heatmapRequest(inputs, folder), { signal: never, onProgress: () => {} });
      assert.equal(client.processId(), pid);
    });
  });

  it('starts a new process when the model of a role changes', async () => {
    await withFolder(async (folder) => {
      const inputs = await inputsIn(folder);
      const request = heatmapRequest(inputs, folder);
      await client.runStage(request, { signal: never, onProgress: () => {} });
      const first = client.processId() as number;
      const path = join(folder, 'other.onnx');
      await cp(inputs.models.patch?.path as string, path);
      const patch = { ...inputs.models.patch, path, sha256: '0'.repeat(64) } as NonNullable<
        StageInputs['models']['patch']
      >;
      await client.runStage(
        { ...request, inputs: { ...inputs, models: { patch } } },
        { signal: never, onProgress: () => {} },
      );
      assert.notEqual(client.processId(), first);
      assert.equal(isAlive(first), false);
    });
  });

  it('ends when its parent disconnects, even in the middle of a run', async () => {
    await withFolder(async (folder) => {
      const inputs = await inputsIn(folder);
      const entry = fileURLToPath(new URL('../../workers/inference-process.js', import.meta.url));
      const child: ChildProcess = fork(entry, [], { serialization: 'advanced', execArgv: [] });
      child.send({ kind: 'run', id: 1, request: heatmapRequest(inputs, folder, LONG) });
      await new Promise<void>((resolve) => {
        child.on('message', (message: MessageFromInferenceProcess) => message.kind === 'progress' && resolve());
      });
      child.disconnect();
      const ended = await Promise.race([once(child, 'exit').then(() => true), sleep(5000, false, { ref: false })]);
      assert.equal(ended, true);
    });
  });
});
