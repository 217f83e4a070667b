import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { MammoflowError } from '../pipeline/errors.js';
import { serialiseError } from './error-transfer.js';
import type { FloatTensor } from './inference-pool.js';
import type { InspectReply, InspectRequest } from './inspect-networks.js';
import { type OnnxSession, openSession } from './onnx-session.js';
import { trialInputs } from './trial-inputs.js';

/** The entry of the child process in which unknown ONNX files are opened. Started by `inspect-networks.ts`. */

async function inspect({ path, trial }: InspectRequest): Promise<InspectReply> {
  try {
    const session = await openAlone(path);
    let outputs: Record<string, FloatTensor> | undefined;
    if (trial !== undefined) outputs = await session.run(trialInputs(trial));
    return { network: { inputs: session.inputs, outputs: session.outputs }, ...(outputs && { trial: outputs }) };
  } catch (error) {
    return { error: serialiseError(error) };
  }
}

/**
 * Opens a network through a link in an otherwise empty folder. An ONNX file may keep its weights in files beside it, which
 * no `model.json` names: here they would be found, and at the worker they are not.
 */
async function openAlone(path: string): Promise<OnnxSession> {
  const folder = await mkdtemp(join(tmpdir(), 'mammoflow-inspect-'));
  const link = join(folder, basename(path));
  const rename = (error: unknown): unknown =>
    error instanceof MammoflowError
      ? new MammoflowError(error.code, error.message.replaceAll(link, path), error.next, { cause: error })
      : error;
  try {
    await symlink(resolve(path), link);
    const session = await openSession(link, { providers: { names: ['cpu'], onCpu: true }, memoryArena: false });
    const run: OnnxSession['run'] = (inputs) => session.run(inputs).catch((error) => Promise.reject(rename(error)));
    return { ...session, run };
  } catch (error) {
    if (error instanceof MammoflowError && /external data/i.test(error.message)) {
      throw new MammoflowError(
        error.code,
        `${path} keeps its weights in another file, and a network in a bundle is one file.`,
        'Export it with its weights inside, e.g. with onnx.save_model(model, file, save_as_external_data=False).',
        { cause: error },
      );
    }
    throw rename(error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

process.on('message', async (request: InspectRequest) => {
  const reply = await inspect(request);
  process.send?.(reply);
});
process.on('disconnect', () => process.exit(0));
// The parent may have been gone already when this process came to listen for it.
if (!process.connected) process.exit(0);
