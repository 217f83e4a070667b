import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { repositoryRoot } from '../support/shared.js';

/** Runs a program that has `log`, the log of a worker of the role cpu, and `temporal`, its adapter for Temporal. */
const program = (text: string): string => `
  const { createLog, temporalLogger } = await import(${JSON.stringify(`${repositoryRoot}dist/workers/log.js`)});
  const log = createLog('cpu');
  const temporal = temporalLogger(log);
  ${text}`;

describe('the log of a worker', () => {
  it('says why an activity failed, who writes once, and nothing of what is as intended', async () => {
    const { stderr } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '--eval',
      program(`
        const cause = new Error('the disk is on fire');
        temporal.warn('Activity failed', { activityType: 'crop', error: new Error('no crop', { cause }) });
        temporal.warn('No workflows registered, not polling for workflow tasks');
        log.child({}).info({ inferencePid: 7 }, 'inference process started');`),
    ]);
    const lines = stderr.trimEnd().split('\n');
    assert.equal(lines.length, 2, stderr);
    const { error } = JSON.parse(lines[0] as string);
    assert.equal(error.message, 'no crop: the disk is on fire');
    assert.match(error.stack, /caused by: Error: the disk is on fire/);
    for (const line of lines) {
      for (const key of ['"role":', '"pid":']) assert.equal(line.split(key).length, 2, `${key} in ${line}`);
    }
  });

  it('does not end its worker where the disk of the log is full', async function () {
    if (!existsSync('/dev/full')) this.skip();
    const full = openSync('/dev/full', 'w');
    const text =
      "for (let line = 0; line < 100; line++) log.info('a line'); setTimeout(() => console.log('alive'), 50);";
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program(text)], {
      stdio: ['ignore', 'pipe', full],
    });
    closeSync(full);
    let output = '';
    child.stdout?.on('data', (chunk) => {
      output += chunk;
    });
    const [code] = await once(child, 'close');
    assert.deepEqual([code, output], [0, 'alive\n']);
  });
});
