import { serialiseError } from './error-transfer.js';
import type { FloatTensor } from './inference-pool.js';
import type { InspectReply, InspectRequest } from './inspect-networks.js';
import { openSession } from './onnx-session.js';
import { trialInputs } from './trial-inputs.js';

/** The entry of the child process in which unknown ONNX files are opened. Started by `inspect-networks.ts`. */

async function inspect({ path, trial }: InspectRequest): Promise<InspectReply> {
  try {
    const session = await openSession(path, { providers: { names: ['cpu'], onCpu: true }, memoryArena: false });
    let outputs: Record<string, FloatTensor> | undefined;
    if (trial !== undefined) outputs = await session.run(trialInputs(trial));
    return { network: { inputs: session.inputs, outputs: session.outputs }, ...(outputs && { trial: outputs }) };
  } catch (error) {
    return { error: serialiseError(error) };
  }
}

process.on('message', async (request: InspectRequest) => {
  const reply = await inspect(request);
  process.send?.(reply);
});
process.on('disconnect', () => process.exit(0));
// The parent may have been gone already when this process came to listen for it.
if (!process.connected) process.exit(0);
