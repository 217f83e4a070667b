import type { StageRow } from '../../contract/stages.js';

/** Whether somebody works on a stage, in words and as a look: `good`, `bad` or `unknown`. */
export function servedBy({ workers }: Pick<StageRow, 'workers'>): { words: string; look: 'good' | 'bad' | 'unknown' } {
  if (workers === null) return { words: 'not known', look: 'unknown' };
  if (workers.length === 0) return { words: 'no worker', look: 'bad' };
  return { words: workers.length === 1 ? '1 worker' : `${workers.length} workers`, look: 'good' };
}
