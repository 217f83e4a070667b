import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { unzipSync } from 'fflate';
import { readNpz, writeNpz } from '../../imaging/npz.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { itWithShared } from '../support/shared.js';
import { goldenPath } from './golden.js';

const plane = { rows: 2, columns: 3, pixels: Float32Array.of(0, 0.5, 1, -1, 2, 1e-7) };
const other = { rows: 1, columns: 1, pixels: Float32Array.of(7) };

describe('npz archives', () => {
  it('come back as they were written', () => {
    const read = readNpz(writeNpz({ benign: plane, malignant: other }), ['benign', 'malignant']);
    assert.deepEqual(read, { benign: plane, malignant: other });
  });

  it('hold NumPy arrays of format 1.0 with an aligned header', () => {
    const member = Buffer.from(unzipSync(writeNpz({ benign: plane }))['benign.npy'] as Uint8Array);
    assert.equal(member.toString('latin1', 0, 8), '\x93NUMPY\x01\x00');
    const headerEnd = 10 + member.readUInt16LE(8);
    assert.equal(headerEnd % 64, 0);
    const header = member.toString('latin1', 10, headerEnd);
    assert.match(header, /^\{'descr': '<f4', 'fortran_order': False, 'shape': \(2, 3\), \} *\n$/);
    assert.equal(member.readFloatLE(headerEnd + 8), 1);
    assert.equal(member.length, headerEnd + 24);
  });

  it('have the same bytes each time, with a fixed time in every header', () => {
    const bytes = Buffer.from(writeNpz({ benign: plane, malignant: other }));
    assert.deepEqual(Buffer.from(writeNpz({ benign: plane, malignant: other })), bytes);
    // A local file header is PK\3\4, then at offset 10 the time and the date: 00:00:00 on 1 January 1980.
    assert.equal(bytes.readUInt32LE(0), 0x04034b50);
    assert.equal(bytes.readUInt16LE(8), 8, 'deflated');
    assert.deepEqual([bytes.readUInt16LE(10), bytes.readUInt16LE(12)], [0, 0x21]);
  });

  itWithShared('of the original program are read, in either order of axes', (shared) => {
    const heatmaps = readNpz(readFileSync(goldenPath(shared, 'small', 'heatmaps_small_L-CC.npz')), [
      'benign',
      'malignant',
    ]);
    const float64 = readFileSync(goldenPath(shared, 'small', 'small_L-CC_float64_reference.npz'));
    const reference = readNpz(float64, ['benign', 'malignant']);
    for (const name of ['benign', 'malignant'] as const) {
      assert.deepEqual([heatmaps[name].rows, heatmaps[name].columns], [989, 426]);
      for (const [index, value] of reference[name].pixels.entries()) {
        assert.ok(Math.abs((heatmaps[name].pixels[index] as number) - value) < 5e-5);
      }
    }
  });

  it('that are damaged or lack an array are refused by name', () => {
    const bytes = writeNpz({ benign: plane });
    const corrupt = (pattern: RegExp) => (error: unknown) =>
      error instanceof MammoflowError && error.code === 'corrupt-data' && pattern.test(error.message);
    assert.throws(() => readNpz(bytes, ['malignant'], 'L_CC.npz'), corrupt(/^L_CC\.npz has no array "malignant"/));
    assert.throws(
      () => readNpz(bytes.subarray(0, 60), ['benign'], 'L_CC.npz'),
      corrupt(/^L_CC\.npz cannot be unpacked/),
    );
    for (const other of [Buffer.alloc(0), Buffer.from('not an archive'), bytes.subarray(1)]) {
      assert.throws(
        () => readNpz(other, ['benign'], 'L_CC.npz'),
        corrupt(/cannot be unpacked \(it is no ZIP archive\)/),
      );
    }
    const lying = { rows: 5, columns: 5, pixels: Float32Array.of(1) };
    assert.throws(() => readNpz(writeNpz({ benign: lying }), ['benign']), corrupt(/as many values as its shape says/));
  });
});
