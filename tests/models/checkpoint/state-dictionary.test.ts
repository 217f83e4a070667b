import assert from 'node:assert/strict';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { floatsOf, readStateDictionary } from '../../../models/checkpoint/state-dictionary.js';
import { MammoflowError } from '../../../pipeline/errors.js';
import {
  COUNTER,
  floats,
  floatTensor,
  legacyTorchFile,
  pickle,
  pickledGlobal,
  pickledTensors,
  pickledText,
  pickledTuple,
  type Tensors,
  type TorchFileOptions,
  tensorOf,
  zipTorchFile,
} from '../../support/torch-files.js';

const latin = (text: string): Buffer => Buffer.from(text, 'latin1');
const read = (bytes: Uint8Array) => readStateDictionary(bytes, 'model.p');
const refused = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof MammoflowError, String(error));
  assert.equal(error.code, 'invalid-checkpoint');
  assert.match(error.message, /^model\.p [^\n]*\.$/);
  assert.match(error.message, pattern);
  return true;
};

const shared = floats(Float32Array.from([0, 1, 2, 3, 4, 5, 6, 7]));
const TENSORS: Tensors = {
  'a.weight': floatTensor([2, 3], [1, 2, 3, 4, 5, 6]),
  'b.weight': { storage: shared, shape: [2, 2], offset: 3 },
  'c.weight': { storage: shared, shape: [2, 2], offset: 1, strides: [1, 2] },
  'd.bias': floatTensor([], [0.5]),
  'd.num_batches_tracked': COUNTER,
};
const containers: readonly (readonly [string, typeof zipTorchFile])[] = [
  ['legacy', legacyTorchFile],
  ['zip', zipTorchFile],
];
/** A call of `os.system` as Python pickles it: on Unix the function's module is `posix`. */
const attack = (module: string): Buffer =>
  Buffer.concat([pickledGlobal(`${module}.system`), latin('('), pickledText('touch /tmp/owned'), latin('tR')]);

describe('reading a torch state dictionary', () => {
  for (const [name, write] of containers) {
    describe(`in the ${name} container`, () => {
      it('gives every tensor, also where tensors share numbers or have other strides', () => {
        const dictionary = read(write(TENSORS));
        assert.deepEqual([...dictionary.tensors.keys()], Object.keys(TENSORS));
        assert.deepEqual([...floatsOf(dictionary, 'a.weight')], [1, 2, 3, 4, 5, 6]);
        assert.deepEqual([...floatsOf(dictionary, 'b.weight')], [3, 4, 5, 6]);
        assert.deepEqual([...floatsOf(dictionary, 'c.weight')], [1, 3, 2, 4]);
        assert.deepEqual([...floatsOf(dictionary, 'd.bias')], [0.5]);
        assert.deepEqual(dictionary.tensors.get('a.weight')?.shape, [2, 3]);
      });

      it('finds it under the key "model", too', () => {
        const dictionary = read(write(TENSORS, { under: 'model' }));
        assert.deepEqual([...floatsOf(dictionary, 'a.weight')], [1, 2, 3, 4, 5, 6]);
      });

      it('reads the rebuilding functions that torch has had', () => {
        const older = { ...floatTensor([2], [1, 2]), rebuild: 'torch._utils._rebuild_tensor', more: Buffer.alloc(0) };
        assert.deepEqual([...floatsOf(read(write({ older })), 'older')], [1, 2]);
      });

      it('names the function of a pickle that calls one, and runs nothing', () => {
        for (const module of ['posix', 'os']) {
          const object = attack(module);
          assert.throws(() => read(write({}, { object })), refused(new RegExp(`names ${module}\\.system, which`)));
        }
        const builtin = Buffer.concat([pickledGlobal('builtins.eval'), latin(')R')]);
        assert.throws(() => read(write({}, { object: builtin })), refused(/names builtins\.eval/));
        // Allowed names in another place are no way around the list either.
        const setstate = Buffer.concat([pickledGlobal('torch.FloatStorage'), latin(')R')]);
        assert.throws(() => read(write({}, { object: setstate })), refused(/calls torch\.FloatStorage/));
      });

      it('names an instruction that a state dictionary does not need', () => {
        for (const [code, instruction] of [
          ['\x81', 'NEWOBJ'],
          ['i', 'INST'],
          ['o', 'OBJ'],
          ['P', 'PERSID'],
          ['\x82', 'EXT1'],
          ['\x92', 'NEWOBJ_EX'],
          ['\xf1', '0xf1'],
        ] as const) {
          const object = Buffer.concat([latin('})'), latin(code)]);
          assert.throws(() => read(write({}, { object })), refused(new RegExp(`instruction ${instruction}, which`)));
        }
      });

      it('refuses float16 and quantised numbers by the tensor', () => {
        const storage = { type: 'torch.HalfStorage', elements: 2, bytes: new Uint8Array(4) };
        const half = read(write({ half: tensorOf(storage, [2]) }));
        assert.throws(() => floatsOf(half, 'half'), refused(/has half as float16, but float32 is needed/));
        const quantised = {
          storage: { type: 'torch.QInt8Storage', elements: 2, bytes: new Uint8Array(2) },
          shape: [2],
          rebuild: 'torch._utils._rebuild_qtensor',
          more: Buffer.concat([
            latin('('),
            pickledGlobal('torch.per_tensor_affine'),
            latin('G?\xf0\0\0\0\0\0\0K\x00t\x89'),
          ]),
        };
        assert.throws(() => floatsOf(read(write({ quantised })), 'quantised'), refused(/has quantised as quantised/));
      });

      it('refuses what a big-endian machine wrote', () => {
        assert.throws(() => read(write(TENSORS, { bigEndian: true })), refused(/big-endian machine/));
      });

      it('refuses a file that is cut short anywhere', () => {
        const whole = write(TENSORS);
        for (let length = 0; length < whole.length; length += 1) {
          assert.throws(() => read(whole.subarray(0, length)), refused(/./), `${length} of ${whole.length} bytes`);
        }
      });

      it('refuses a tensor that reaches beyond its numbers, or is none', () => {
        const outside = { storage: floats(new Float32Array(5)), shape: [2, 3] };
        assert.throws(() => read(write({ outside })), refused(/outside reaches beyond its numbers/));
        const strided = { storage: floats(new Float32Array(5)), shape: [2], strides: [5] };
        assert.throws(() => read(write({ strided })), refused(/strided reaches beyond/));
        const list = Buffer.concat([latin('}('), pickledText('a'), latin(']u')]);
        assert.throws(() => read(write({}, { object: list })), refused(/holds a, which is no tensor/));
        assert.throws(() => read(write({}, { object: latin(']') })), refused(/no state dictionary/));
      });
    });
  }

  describe('as trainers keep it', () => {
    const object = (name: string, ...args: Buffer[]): Buffer =>
      Buffer.concat([pickledGlobal(name), pickledTuple(...args), latin('R')]);
    /** What lies beside weights: numbers, settings, an optimizer, and values of numpy and Python. */
    const BESIDE = {
      epoch: latin('K\x0c'),
      optimizer: latin('}'),
      best_auc: object(
        'numpy._core.multiarray.scalar',
        Buffer.concat([object('numpy.dtype', pickledText('f8'), latin('\x89'), latin('\x88'))]),
        object('_codecs.encode', pickledText('\0\0\0\0\0\0\xf0?'), pickledText('latin1')),
      ),
      args: Buffer.concat([
        pickledGlobal('argparse.Namespace'),
        latin(')\x81}'),
        pickledText('lr'),
        latin('G?\xf0\0\0\0\0\0\0sb'),
      ]),
      device: object('torch.device', pickledText('cuda')),
    };
    const prefixed = (prefix: string): Tensors =>
      Object.fromEntries(Object.entries(TENSORS).map(([name, tensor]) => [prefix + name, tensor]));

    for (const [name, write] of containers) {
      it(`gives the weights from beside an optimizer, and says under which key they lay (${name})`, () => {
        for (const under of ['model', 'state_dict', 'model_state_dict', 'my_weights']) {
          const dictionary = read(write(TENSORS, { under, beside: BESIDE }));
          assert.deepEqual([...floatsOf(dictionary, 'a.weight')], [1, 2, 3, 4, 5, 6]);
          assert.deepEqual(dictionary.origin, { wrapper: under, beside: Object.keys(BESIDE) });
        }
        assert.deepEqual(read(write(TENSORS, { under: 'model' })).origin, {}, "NYU's own form");
      });

      it(`takes away what all names begin with, and says it (${name})`, () => {
        for (const prefix of ['module.', 'model.', '_orig_mod.', 'module._orig_mod.', 'net.']) {
          const dictionary = read(write(prefixed(prefix), { under: 'state_dict' }));
          assert.deepEqual([...dictionary.tensors.keys()], Object.keys(TENSORS));
          assert.deepEqual(dictionary.origin, { wrapper: 'state_dict', beside: [], prefix });
        }
        const averaged = read(write({ n_averaged: COUNTER, ...prefixed('module.') }));
        assert.deepEqual([...averaged.tensors.keys()], Object.keys(TENSORS));
        // A name that only some have is the network's own.
        const some = { ...prefixed('module.'), other: floatTensor([1], [1]) };
        assert.deepEqual([...read(write(some)).tensors.keys()], Object.keys(some));
      });
    }

    it('is refused with the step that helps where no weights can be told', () => {
      const weights = Buffer.concat([latin('}('), latin('u')]);
      assert.throws(() => read(zipTorchFile({}, { object: latin('K\x05') })), /holds no state dictionary/);
      const teacher = zipTorchFile(TENSORS, { under: 'teacher', beside: { student: pickledTensors(TENSORS) } });
      assert.throws(
        () => read(teacher),
        (error: unknown) =>
          error instanceof MammoflowError &&
          /holds several state dictionaries \(student, teacher\).*torch\.load\(file\)\["student"\]/.test(
            error.sentence,
          ),
      );
      const saved = latin('}(');
      const only = Buffer.concat([
        saved,
        pickledText('epoch'),
        latin('K\x01'),
        pickledText('optimizer'),
        weights,
        latin('u'),
      ]);
      assert.throws(
        () => read(zipTorchFile({}, { object: only })),
        (error: unknown) =>
          error instanceof MammoflowError &&
          error.sentence ===
            'model.p holds epoch, which is no tensor. Save the weights alone, with torch.save(model.state_dict(), file).',
      );
    });
  });

  it('names the tensor whose numbers are missing from a file that is cut short', () => {
    const whole = legacyTorchFile({ first: floatTensor([2], [1, 2]), second: floatTensor([2], [3, 4]) });
    assert.throws(() => read(whole.subarray(0, -1)), refused(/cut short: the numbers of second are missing/));
    assert.throws(() => read(whole.subarray(0, -17)), refused(/cut short: the numbers of first are missing/));
  });

  it('notices a changed number in a zip file by its checksum, which the legacy container lacks', () => {
    const number = Buffer.from(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);
    const bytes = zipTorchFile(TENSORS);
    bytes.writeFloatLE(9, bytes.indexOf(number));
    assert.throws(() => read(bytes), refused(/its entry archive\/data\/0 has another checksum/));
  });

  it('reads a zip file with a 64-bit directory, and with a comment at its end', () => {
    const bytes = zipTorchFile(TENSORS);
    const end = bytes.length - 22;
    const [start, size, count] = [
      bytes.readUInt32LE(end + 16),
      bytes.readUInt32LE(end + 12),
      bytes.readUInt16LE(end + 10),
    ];
    const end64 = Buffer.alloc(56);
    end64.writeUInt32LE(0x06064b50, 0);
    end64.writeBigUInt64LE(44n, 4);
    for (const field of [24, 32]) end64.writeBigUInt64LE(BigInt(count), field);
    end64.writeBigUInt64LE(BigInt(size), 40);
    end64.writeBigUInt64LE(BigInt(start), 48);
    const locator = Buffer.alloc(20);
    locator.writeUInt32LE(0x07064b50, 0);
    locator.writeBigUInt64LE(BigInt(end), 8);
    locator.writeUInt32LE(1, 16);
    const last = Buffer.from(bytes.subarray(end));
    last.fill(0xff, 8, 20);
    const large = Buffer.concat([bytes.subarray(0, end), end64, locator, last]);
    assert.deepEqual([...floatsOf(read(large), 'b.weight')], [3, 4, 5, 6]);
    last.writeUInt16LE(5, 20);
    const commented = Buffer.concat([bytes.subarray(0, end), end64, locator, last, latin('hello')]);
    assert.deepEqual([...floatsOf(read(commented), 'b.weight')], [3, 4, 5, 6]);
  });

  it('reads what Python 2 wrote: other texts, and a dictionary made of its items', () => {
    const modern = legacyTorchFile({ weight: floatTensor([2], [1, 2]) });
    // The pickled tensor lies between its name and the instruction that sets it.
    const start = modern.indexOf(pickledText('weight')) + pickledText('weight').length;
    const end = modern.indexOf(latin('u}('), start);
    const items = [latin('](]('), latin('U\x06weight'), modern.subarray(start, end), latin('ee')];
    const object = Buffer.concat([pickledGlobal('collections.OrderedDict'), ...items, latin('\x85R')]);
    assert.deepEqual(
      [...floatsOf(read(legacyTorchFile({ weight: floatTensor([2], [1, 2]) }, { object })), 'weight')],
      [1, 2],
    );
  });

  it('refuses a bare pickle that calls os.system, in every protocol', () => {
    const protocol4 = Buffer.concat([latin('\x80\x04\x8c\x05posix\x8c\x06system\x93'), latin(')R.')]);
    for (const bytes of [latin("cos\nsystem\n(S'x'\ntR."), pickle(attack('posix')), protocol4]) {
      assert.throws(() => read(bytes), refused(/names (os|posix)\.system/));
    }
  });

  it('refuses other files by what they are', () => {
    assert.throws(() => read(Buffer.alloc(0)), refused(/is empty/));
    assert.throws(() => read(latin('\x08\x08\x12\x07pytorch')), refused(/no file that torch\.save wrote/));
    const pointer = latin('version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 28000000\n');
    assert.throws(
      () => read(pointer),
      (error: unknown) =>
        error instanceof MammoflowError && /Git LFS pointer, no checkpoint\. .*`git lfs pull`/.test(error.sentence),
    );
    assert.throws(() => read(pickle(latin('K\x05'))), refused(/is a pickle, but no file that torch\.save wrote/));
    const zip = (entries: Record<string, Uint8Array>) => Buffer.from(zipSync(entries, { level: 0 }));
    assert.throws(() => read(zip({ 'a.txt': latin('x') })), refused(/zip file without data\.pkl/));
    const script = {
      'm/data.pkl': pickle(latin('}')),
      'm/code/m.py': latin('x'),
      'm/constants.pkl': pickle(latin(')')),
    };
    assert.throws(() => read(zip(script)), refused(/TorchScript program/));
  });

  it('never does anything but answer or refuse, whatever the bytes', () => {
    const write = fc.constantFrom<(tensors: Tensors, options?: TorchFileOptions) => Buffer>(
      legacyTorchFile,
      zipTorchFile,
    );
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(write, changes, (make, edits) => {
        const bytes = make(TENSORS);
        for (const [position, value] of edits) bytes[position % bytes.length] = value;
        try {
          const dictionary = read(bytes);
          for (const name of dictionary.tensors.keys()) {
            const size = dictionary.tensors.get(name)?.shape.reduce((product, length) => product * length, 1) ?? 0;
            if (size < 1000) floatsOf(dictionary, name);
          }
        } catch (error) {
          assert.ok(error instanceof MammoflowError, (error as Error).stack);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
