import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { HeatmapTask } from './heatmap-writer-thread.js';

/** Averages and writes heatmaps on a thread of its own. */
export interface HeatmapWriter {
  write(task: HeatmapTask): Promise<void>;
  close(): Promise<void>;
}

/**
 * Averaging and compressing a view takes about a second, during which the calling thread could not hand new patches to
 * the inference lanes.
 */
export function startHeatmapWriter(): HeatmapWriter {
  const pool = new Piscina({
    filename: fileURLToPath(new URL('./heatmap-writer-thread.js', import.meta.url)),
    name: 'writeHeatmap',
    maxThreads: 1,
  });
  return { write: (task) => pool.run(task), close: () => pool.destroy() };
}
