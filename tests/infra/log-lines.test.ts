import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type LogLine, logLinesAbout } from '../../infra/dev/log-lines.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

const TIME = Date.UTC(2026, 10, 27, 12);

describe('lines of log about an exam or a job', () => {
  it('are found by whole names, in what workers of this machine logged, with the reason of a failure', () =>
    withTemporaryFolder(async (folder) => {
      await mkdir(join(folder, 'logs'));
      const failed = { message: 'L_CC.png is cut short.', stack: 'Error: …' };
      const lines = [
        {
          level: 40,
          time: TIME,
          msg: 'Activity failed',
          workflowId: 'main-1-abc/exam-1',
          activityType: 'runStage',
          attempt: 2,
          error: failed,
        },
        { level: 30, time: TIME, msg: 'computed crop of exam exam-17 again: gone' },
        { level: 30, time: TIME, msg: 'worker started' },
      ];
      const text = `${lines.map((line) => JSON.stringify(line)).join('\n')}\nnative code on exam-1\n`;
      await writeFile(join(folder, 'logs', 'worker-cpu.log'), text);
      await writeFile(join(folder, 'logs', 'temporal.log'), '{"msg":"exam-1"}\n');
      const about = async (name: string): Promise<LogLine[]> => {
        const found: LogLine[] = [];
        for await (const line of logLinesAbout(folder, name)) found.push(line);
        return found;
      };
      const expected: LogLine = {
        time: '2026-11-27T12:00:00.000Z',
        level: 'warn',
        process: 'worker-cpu',
        message: 'Activity failed',
        reason: 'L_CC.png is cut short.',
        workflow: 'main-1-abc/exam-1',
        activity: 'runStage',
        attempt: 2,
      };
      assert.deepEqual(await about('exam-1'), [expected]);
      assert.deepEqual(await about('main-1-abc'), [expected]);
      assert.equal((await about('exam-17'))[0]?.message, 'computed crop of exam exam-17 again: gone');
      assert.deepEqual(await about('exam'), (await about('exam-17')).slice(0, 1), 'a word of a message');
      assert.deepEqual(await about('exam-2'), []);
      assert.deepEqual(await about('a.b'), []);
    }));
});
