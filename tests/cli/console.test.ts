import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { SessionState } from '../../console/contract/session.js';
import { mammoflow, startCommand } from '../support/command.js';
import { freshBucket } from '../support/services.js';

describe('mammoflow console', () => {
  it('says where it is, serves the page and its API, with Temporal or without, and ends when told to', async () => {
    const console = startCommand(await freshBucket(), ['console', '--listen', '127.0.0.1:0', '--json']);
    try {
      const lines = createInterface({ input: console.stdout as NodeJS.ReadableStream });
      let text = '';
      for await (const line of lines) {
        text += line;
        if (line.startsWith('}') || line.endsWith('}')) break;
      }
      const { console: address } = JSON.parse(text) as { console: string };
      const session = (await (await fetch(`${address}/api/session`)).json()) as SessionState;
      assert.deepEqual([session.access, session.user?.name], ['open', 'tester']);
      const page = await fetch(`${address}/exams`);
      assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
      assert.match(await page.text(), /mammoflow/);
      const exams = (await (await fetch(`${address}/api/exams`)).json()) as { total: number };
      assert.equal(exams.total, 0);
    } finally {
      console.kill('SIGTERM');
      if (console.exitCode === null) await once(console, 'exit');
    }
    assert.equal(console.exitCode, 0);
  });

  it('does not listen beyond this machine without asking who is there', async () => {
    const { exitCode, stderr } = await mammoflow(await freshBucket(), 'console', '--listen', '0.0.0.0:0');
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /^error: Listening on 0\.0\.0\.0 would let everybody in who reaches it\. Set MAMMOFLOW_CONSOLE_TOKENS/m,
    );
  });
});
