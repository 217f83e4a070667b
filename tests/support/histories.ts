import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { repositoryRoot } from './shared.js';
import type { TestSystem } from './system.js';

/** Histories of earlier builds, which every later build must still replay. */
export const historiesFolder: string = join(repositoryRoot, 'tests', 'workflows', 'histories');

/**
 * With `MAMMOFLOW_RECORD_HISTORIES=1`, keeps the history of a workflow for the replay test. Histories are recorded when
 * workflow code changes on purpose, under a new name where the old one must stay replayable.
 */
export async function recordHistory(system: TestSystem, workflowId: string, name: string): Promise<void> {
  if (process.env.MAMMOFLOW_RECORD_HISTORIES !== '1') return;
  const client = await system.session.client();
  const history = await client.workflow.getHandle(workflowId).fetchHistory();
  await mkdir(historiesFolder, { recursive: true });
  // Host names and paths of the machine that recorded it have no place here, and replay does not look at them.
  const json = historyToJSON(history)
    .replaceAll(/"identity":\s*"[^"]*"/g, '"identity": "worker"')
    .replaceAll(/\b(workflow|cpu|gpu)@[\w.-]+:\d+/g, '$1@worker')
    .replaceAll(/"stackTrace":\s*"(?:\\.|[^"\\])*"/g, '"stackTrace": ""');
  await writeFile(join(historiesFolder, `${name} ${encodeURIComponent(workflowId)}.json`), `${json}\n`);
}
