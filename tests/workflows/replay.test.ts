import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { workflowBundle } from '../../workers/workflow-bundle.js';
import { historiesFolder } from '../support/histories.js';
import { quietTemporalRuntime } from '../support/system.js';

/** A job that is running while workers are replaced must go on exactly where it was. */
describe('workflow code', () => {
  before(quietTemporalRuntime);

  it('replays the histories of earlier builds without a difference', async () => {
    const names = (await readdir(historiesFolder)).filter((name) => name.endsWith('.json'));
    assert.ok(names.length >= 3, `only ${names.length} recorded histories in ${historiesFolder}`);
    const histories = await Promise.all(
      names.map(async (name) => ({
        workflowId: idOf(name),
        history: JSON.parse(await readFile(join(historiesFolder, name), 'utf8')),
      })),
    );
    const replayed: string[] = [];
    for await (const { workflowId, error } of Worker.runReplayHistories(
      { workflowBundle: await workflowBundle() },
      histories,
    )) {
      assert.equal(error, undefined, `${workflowId}: ${error?.message}`);
      replayed.push(workflowId);
    }
    assert.equal(replayed.length, names.length);
  });
});

/** Workflows use their own id for those of their children, so the file carries it. */
const idOf = (name: string): string => decodeURIComponent(name.slice(0, -'.json'.length).split(' ').at(-1) as string);
