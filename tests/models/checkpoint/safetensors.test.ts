import assert from 'node:assert/strict';
import fc from 'fast-check';
import { floatsOf, readStateDictionary } from '../../../models/checkpoint/state-dictionary.js';
import { MammoflowError } from '../../../pipeline/errors.js';
import { float32, safetensorsFile, safetensorsOf } from '../../support/safetensors-files.js';

const read = (bytes: Uint8Array) => readStateDictionary(bytes, 'model.safetensors');
const refused = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof MammoflowError, String(error));
  assert.equal(error.code, 'invalid-checkpoint');
  assert.match(error.sentence, /^model\.safetensors [^\n]*\.$/);
  assert.match(error.sentence, pattern);
  return true;
};
const TENSORS = {
  'a.weight': float32([2, 3], [1, 2, 3, 4, 5, 6]),
  'b.bias': float32([], [0.5]),
  'b.num_batches_tracked': { dtype: 'I64', shape: [], bytes: new Uint8Array(8) },
};

describe('reading a safetensors file', () => {
  it('gives every tensor, wherever the file begins in memory', () => {
    const file = safetensorsFile(TENSORS, { format: 'pt' });
    const shifted = Buffer.alloc(file.length + 3).subarray(3);
    file.copy(shifted);
    for (const bytes of [file, shifted]) {
      const dictionary = read(bytes);
      assert.deepEqual([...dictionary.tensors.keys()], Object.keys(TENSORS));
      assert.deepEqual([...floatsOf(dictionary, 'a.weight')], [1, 2, 3, 4, 5, 6]);
      assert.deepEqual([...floatsOf(dictionary, 'b.bias')], [0.5]);
      assert.deepEqual(dictionary.origin, {});
    }
  });

  it('brings back the second names of tensors that save_model leaves out', () => {
    const dictionary = read(safetensorsFile({ 'l_cc.w': float32([2], [1, 2]) }, { 'cc.w': 'l_cc.w', format: 'pt' }));
    assert.deepEqual([...dictionary.tensors.keys()], ['l_cc.w', 'cc.w']);
    assert.deepEqual([...floatsOf(dictionary, 'cc.w')], [1, 2]);
  });

  it('takes away the prefix of networks around the network, and says so', () => {
    const { tensors, origin } = read(safetensorsFile({ 'module.a.weight': float32([1], [1]) }));
    assert.deepEqual([[...tensors.keys()], origin], [['a.weight'], { prefix: 'module.' }]);
  });

  it('reads halves as far as to name what is needed', () => {
    for (const [dtype, name, bytes] of [
      ['F16', 'float16', 2],
      ['BF16', 'bfloat16', 2],
      ['F64', 'float64', 8],
    ] as const) {
      const half = read(safetensorsFile({ half: { dtype, shape: [2], bytes: new Uint8Array(2 * bytes) } }));
      assert.throws(
        () => floatsOf(half, 'half'),
        refused(new RegExp(`has half as ${name}, but float32 is needed.*Export`)),
      );
    }
    const tiny = safetensorsFile({ tiny: { dtype: 'F8_E4M3', shape: [2], bytes: new Uint8Array(2) } });
    assert.throws(() => read(tiny), refused(/has tiny as F8_E4M3, but float32 is needed/));
  });

  const at = (begin: number, end: number, shape: readonly number[] = [2]) => ({
    dtype: 'F32',
    shape,
    data_offsets: [begin, end],
  });
  const wrong: readonly (readonly [string, Buffer, RegExp])[] = [
    ['whose header ends behind its end', safetensorsFile(TENSORS).subarray(0, 40), /is cut short: its header ends/],
    ['whose header is no JSON', safetensorsOf('{"a": ', Buffer.alloc(8)), /is damaged: its header is no JSON text/],
    ['whose header is no UTF-8', safetensorsFile(TENSORS).fill(0xff, 10, 11), /is damaged: its header is no JSON text/],
    [
      'of a tensor without a place',
      safetensorsOf('{"a": {"dtype": "F32", "shape": [1]}}', Buffer.alloc(4)),
      /does not say what a is/,
    ],
    [
      'of a tensor with a negative size',
      safetensorsOf(JSON.stringify({ a: at(0, 8, [-2]) }), Buffer.alloc(8)),
      /does not say what a is/,
    ],
    [
      'of a tensor of another size',
      safetensorsOf(JSON.stringify({ a: at(0, 8, [3]) }), Buffer.alloc(8)),
      /a has another size than its shape/,
    ],
    [
      'of a tensor of immense size',
      safetensorsOf(JSON.stringify({ a: at(0, 8, [2 ** 40, 2 ** 40]) }), Buffer.alloc(8)),
      /another size/,
    ],
    [
      'of a tensor behind its end',
      safetensorsOf(JSON.stringify({ a: at(0, 8), b: at(8, 16) }), Buffer.alloc(12)),
      /cut short: the numbers of b are missing/,
    ],
    [
      'of tensors that overlap',
      safetensorsOf(JSON.stringify({ a: at(0, 8), b: at(4, 12) }), Buffer.alloc(12)),
      /overlap/,
    ],
    ['with a hole', safetensorsOf(JSON.stringify({ a: at(0, 8), b: at(12, 20) }), Buffer.alloc(20)), /holes/],
    [
      'with numbers behind the last tensor',
      safetensorsOf(JSON.stringify({ a: at(0, 8) }), Buffer.alloc(9)),
      /belong to none/,
    ],
    [
      'with texts in place of a tensor',
      safetensorsOf('{"a": {"b": "c"}}', Buffer.alloc(0)),
      /does not say where a lies/,
    ],
  ];
  for (const [what, bytes, sentence] of wrong) {
    it(`refuses one ${what}`, () => {
      assert.throws(() => read(bytes), refused(sentence));
    });
  }

  it('refuses one that is cut short anywhere', () => {
    const whole = safetensorsFile(TENSORS);
    for (let length = 0; length < whole.length; length += 1) {
      assert.throws(() => read(whole.subarray(0, length)), refused(/./), `${length} of ${whole.length} bytes`);
    }
  });

  it('never does anything but answer or refuse, whatever the bytes', () => {
    const whole = safetensorsFile(TENSORS, { format: 'pt' });
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(changes, (edits) => {
        const bytes = Buffer.from(whole);
        for (const [place, value] of edits) bytes[place % bytes.length] = value;
        try {
          const dictionary = read(bytes);
          for (const name of dictionary.tensors.keys()) floatsOf(dictionary, name);
        } catch (error) {
          assert.ok(error instanceof MammoflowError, (error as Error).stack);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
