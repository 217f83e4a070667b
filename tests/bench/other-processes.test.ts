import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { watchOtherProcesses } from '../../bench/other-processes.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

/** Writes what the kernel would tell of two processors and some processes, `[pid, parent, ticks, ticks of children]`. */
function tell(proc: string, busy: number, processes: readonly (readonly [number, number, number, number])[]): void {
  const cpu = (ticks: number): string => `${ticks} 0 0 9999 50 0 0 0 0 0`;
  writeFileSync(join(proc, 'stat'), `cpu  ${cpu(busy)}\ncpu0 ${cpu(busy / 2)}\ncpu1 ${cpu(busy / 2)}\nintr 1\n`);
  for (const [pid, parent, ticks, ofChildren] of processes) {
    mkdirSync(join(proc, String(pid)), { recursive: true });
    writeFileSync(
      join(proc, String(pid), 'stat'),
      `${pid} (a (b) c) S ${parent} 1 1 0 -1 0 0 0 0 0 ${ticks} 0 ${ofChildren} 0 20 0 1 0 0`,
    );
  }
}

describe('what other processes take while a benchmark runs', () => {
  it('is all that was busy but for this process, its children and theirs', async () => {
    await withTemporaryFolder(async (proc) => {
      let milliseconds = 0;
      const child = process.pid + 1;
      tell(proc, 1000, [
        [process.pid, 1, 100, 0],
        [child, process.pid, 10, 0],
        [child + 1, child, 20, 5],
        [4, 1, 500, 0],
      ]);
      const share = watchOtherProcesses(proc, () => milliseconds);
      milliseconds = 10_000;
      // 1,500 of 2,000 ticks were busy: 600 + 200 + 300 of them here, 50 in a child that has ended, so 350 elsewhere.
      tell(proc, 2500, [
        [process.pid, 1, 700, 0],
        [child, process.pid, 210, 0],
        [child + 1, child, 320, 55],
        [4, 1, 850, 0],
      ]);
      assert.equal(share(), 0.175);
    });
  });

  it('is not known where the kernel does not tell', () => {
    assert.equal(watchOtherProcesses('/nowhere')(), undefined);
  });
});
