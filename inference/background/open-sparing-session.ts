import { readFile } from 'node:fs/promises';
import type { FloatTensor } from '../inference-pool.js';
import { type OnnxSession, openSession, type SessionOptions } from '../onnx-session.js';
import { spareColumns } from './spare-columns.js';
import { sparingNetwork } from './sparing-network.js';

/**
 * Opens a network as `openSession` does, to be run with the same inputs and to the same bits, but without computing what
 * background beside a breast comes to again and again. A network that cannot be rewritten is opened as it is.
 *
 * @throws MammoflowError as `openSession` does.
 */
export async function openSparingSession(path: string, options: SessionOptions): Promise<OnnxSession> {
  const network = sparingNetwork(await readFile(path));
  if (network === undefined) return openSession(path, options);
  const { bytes, trunks } = network;
  const session = await openSession(path, { ...options, rewritten: bytes });
  return {
    ...session,
    async run(inputs) {
      const windows: Record<string, FloatTensor> = { ...inputs };
      const numbers: Record<string, BigInt64Array> = {};
      for (const trunk of trunks) {
        const whole = inputs[trunk.input];
        // What is missing or of another size is for the runtime to refuse.
        if (whole?.shape.join() !== [1, trunk.channels, trunk.rows, trunk.columns].join()) continue;
        const spared = spareColumns(trunk, whole);
        windows[trunk.input] = spared.window;
        Object.assign(numbers, spared.numbers);
      }
      return session.run(windows, numbers);
    },
  };
}
