import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
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

/** The histories of executions that a query finds, payloads as the text that they are: all that Temporal keeps of them. */
export async function* historiesAsText(client: Client, query?: string): AsyncGenerator<{ id: string; text: Buffer }> {
  for await (const { workflowId, runId } of client.workflow.list(query === undefined ? {} : { query })) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const text = JSON.stringify(events, (_, value) =>
      value?.type === 'Buffer' ? Buffer.from(value.data).toString('latin1') : value,
    );
    yield { id: workflowId, text: Buffer.from(text) };
  }
}
