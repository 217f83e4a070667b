import type { Connected } from '../index.js';

/** Connects, runs a verb and ends the connections, whatever happens. Loaded here, so that `--help` needs none of it. */
export async function withMammoflow<T>(dataFolder: string, run: (mammoflow: Connected) => Promise<T>): Promise<T> {
  const { connect } = await import('../index.js');
  const mammoflow = await connect({ dataFolder });
  try {
    return await run(mammoflow);
  } finally {
    await mammoflow.close();
  }
}
